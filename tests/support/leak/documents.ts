/** The documents whose answers are tested for leaks: the demo's, Adyen's with classes strewn over them, and made ones. */
import { join } from 'node:path'
import { compileDocument } from '#/contracts/compile/compile.ts'
import type { Operation } from '#/contracts/compile/compile.ts'
import { loadDocument } from '#/contracts/documents/documents.ts'
import { realText } from '../contracts.ts'
import { randomClass, randomContract } from '../release/contracts.ts'
import { createDice, type Dice } from '../release/dice.ts'
import { isNode, type Node } from '../release/node.ts'
import { subjectsOf, type Subject } from './subjects.ts'

const demo = join(import.meta.dirname, '..', '..', '..', 'examples', 'solstice', 'openapi.yaml')

export async function demoSubjects(): Promise<Subject[]> {
  const { document } = await loadDocument(demo)
  return subjectsOf(document as Node, { contract: 'solstice', defaultClass: null })
}

/** As the product serves them. */
export async function demoOperations(): Promise<readonly Operation[]> {
  const { document } = await loadDocument(demo)
  return compileDocument(document, { contract: 'solstice' }).operations
}

/**
 * Adyen classifies nothing. So its documents are tested as they are, once with nothing and once with everything
 * released, and with classes at random places.
 */
export function adyenSubjects(version: 'v70' | 'v71', seed: number | null): Subject[] {
  const plain = JSON.parse(realText(`adyen-checkout-${version}`)) as Node
  const contract = `adyen-${version}`
  if (seed === null) return subjectsOf(plain, { contract, defaultClass: null })
  const dice = createDice(seed)
  return subjectsOf(strewn(plain, dice), { contract, defaultClass: dice.chance(0.5) ? 'public' : null })
}

/** A class on most of the schemas that describe something in an answer, and on some of its headers. */
function strewn(document: Node, dice: Dice): Node {
  const visit = (at: unknown): unknown => {
    if (Array.isArray(at)) return at.map(visit)
    if (!isNode(at)) return at
    const made = Object.fromEntries(Object.entries(at).map(([name, each]) => [name, visit(each)]))
    const isSchema = typeof at['type'] === 'string' || typeof at['$ref'] === 'string'
    return isSchema && dice.chance(0.7) ? { ...made, ...randomClass(dice) } : made
  }
  return visit(document) as Node
}

/** One document for each of so many random contracts: unions, conjunctions, conditions, maps, tuples, free forms. */
export function randomSubjects(seed: number, count: number): Subject[] {
  const dice = createDice(seed)
  return Array.from({ length: count }, (_, index) => {
    const { document, schema } = randomContract(dice)
    const content = (...types: string[]) => Object.fromEntries(types.map((type) => [type, { schema }]))
    const header = (schema: Node) => ({ schema, ...randomClass(dice) })
    const responses = {
      200: {
        description: '',
        content: content('application/json', 'application/x-ndjson', 'text/event-stream'),
        headers: {
          'X-Some': header({ type: 'string' }),
          'X-More': header({ type: 'integer' }),
          Link: { schema: {} },
        },
      },
      '4XX': { description: '', content: content('application/vnd.made+json') },
      default: { description: '', content: { ...content('application/json'), ...asItIs } },
    }
    const method = dice.pick(['get', 'get', 'post', 'put', 'delete', 'head'])
    const paths = { [`/made/${index}/{id}`]: { [method]: { parameters: [id], responses } } }
    const info = { title: 'Made', version: '1.0.0' }
    const defaultClass = dice.chance(0.3) ? ('public' as const) : null
    const made = { openapi: '3.1.0', info, paths, ...document }
    return subjectsOf(made, { contract: `made-${index}`, defaultClass })
  }).flat()
}

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const asItIs = {
  'text/csv': { 'x-portico-class': 'public' },
  'text/plain': { schema: { type: 'string' } },
  'image/*': { 'x-portico-class': 'public' },
  'application/pdf': { 'x-portico-class': 'evidence' },
}
