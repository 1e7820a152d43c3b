/** Asks ajv whether a value is valid against a schema of a contract, so that the oracle need not trust ours. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { isNode, namesOf, nodes, own, type Node } from './node.ts'

/** Against the schema as it is, or without `additionalProperties: false`. */
export type Validity = (schema: Node, value: unknown, lenient: boolean) => boolean

export function createValidity(document: Node): Validity {
  const looks = [false, true].map((lenient) => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, ownProperties: true, logger: false })
    const components = translate(own(document, 'components') ?? {}, lenient)
    ajv.addSchema({ components }, 'contract:')
    const made = new Map<Node, (value: unknown) => boolean>()
    return (schema: Node, value: unknown) => {
      const check = made.get(schema) ?? ajv.compile(translate(schema, lenient) as object)
      made.set(schema, check)
      return check(value)
    }
  })
  return (schema, value, lenient) => looks[Number(lenient)]!(schema, value)
}

/** A choice needs one valid branch, not exactly one; with a discriminator, the one that is named. */
function translate(node: unknown, lenient: boolean): unknown {
  if (Array.isArray(node)) return node.map((each) => translate(each, lenient))
  if (!isNode(node)) return node
  const entries = Object.entries(node).filter(
    ([word, value]) =>
      word !== 'discriminator' && !(lenient && word === 'additionalProperties' && value === false),
  )
  const made = Object.fromEntries(
    entries.map(([word, value]) => {
      if (word === '$ref') return [word, `contract:${String(value)}`]
      return [word, word === 'enum' || word === 'const' ? value : translate(value, lenient)]
    }),
  )
  if (!('oneOf' in made)) return made
  const { oneOf, allOf = [], ...rest } = made
  const { discriminator } = node
  const choice = isNode(discriminator)
    ? {
        anyOf: nodes(oneOf).map((branch, index) => ({
          allOf: [branch, namedAs(node['oneOf'] as Node[], index, discriminator)],
        })),
      }
    : { anyOf: oneOf }
  return { ...rest, allOf: [...(allOf as unknown[]), choice] }
}

function namedAs(branches: readonly Node[], index: number, discriminator: Node): Node {
  const property = String(discriminator['propertyName'])
  const names = { enum: namesOf(discriminator, branches[index]!) }
  return { type: 'object', required: [property], properties: { [property]: names } }
}
