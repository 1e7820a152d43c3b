/** Every answer that a document describes: operation by operation, status by status, media type by media type. */
import assert from 'node:assert/strict'
import { compileDocument } from '#/contracts/compile/compile.ts'
import type { Operation } from '#/contracts/compile/compile.ts'
import { isNode, nodes, own, target, type Node } from '../release/node.ts'
import { createOracle, type Oracle } from '../release/oracle.ts'

export type BodyForm = 'json' | 'json-lines' | 'event-stream' | 'as it is' | 'none'

export type Subject = {
  readonly name: string
  readonly document: Node
  readonly operation: Operation
  readonly target: string
  readonly status: number
  /** Statuses of which the operation says nothing. */
  readonly undescribed: readonly number[]
  /** Null: the document describes no content. */
  readonly mediaType: string | null
  readonly form: BodyForm
  /** Of the body, or of one record. */
  readonly schema: Node
  readonly mayLeave: Oracle
  /** The content may leave as it is. */
  readonly released: boolean
  /** Lower-case names of the headers that the document describes, and the schema of each that may leave. */
  readonly headers: ReadonlyMap<string, Node | null>
}

/** Ours to say, or a matter of one connection: no document can release them. */
const neverReleased: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export type DocumentOptions = { readonly contract: string; readonly defaultClass: 'public' | null }

/** Compiles a document as the product does, and reads its answers once more, on its own. */
export function subjectsOf(document: Node, { contract, defaultClass }: DocumentOptions): Subject[] {
  const compiled = compileDocument(document, { contract, ...(defaultClass && { defaultClass }) })
  assert.deepEqual(compiled.refusals, [])
  const mayLeave = createOracle(document, defaultClass === 'public')
  return compiled.operations.flatMap((operation) => {
    const described = operationNode(document, operation)
    const name = `${contract} ${operation.id}`
    return Object.entries((own(described, 'responses') ?? {}) as Node).flatMap(([key, given]): Subject[] => {
      const response = resolved(document, given)
      const status = statusOf(key, described)
      const common = {
        document,
        // What a request must look like is not what is tested here.
        operation: { ...operation, parameters: null, body: null },
        target: operation.path.replaceAll(/\{[^}]*\}/g, 'x1'),
        status,
        undescribed: unlikely.filter((one) => !covered(one, described)),
        mayLeave,
        headers: headersOf(document, response),
      }
      const media = Object.entries((own(response, 'content') ?? {}) as Record<string, Node>)
      if (media.length === 0) {
        const none = { mediaType: null, form: 'none', schema: {}, released: false } as const
        return [{ ...common, ...none, name: `${name} ${key}` }]
      }
      return media.map(([mediaType, one]) => ({
        ...common,
        ...contentOf(document, mediaType, one),
        name: `${name} ${key} ${mediaType}`,
      }))
    })
  })
}

function operationNode(document: Node, operation: Operation): Node {
  const paths = document['paths'] as Record<string, Node>
  // The address of a server may stand in front of it: the longest that fits is it.
  const path = Object.keys(paths)
    .filter((one) => operation.path.endsWith(one))
    .toSorted((a, b) => b.length - a.length)[0]!
  return paths[path]![operation.method.toLowerCase()] as Node
}

function contentOf(document: Node, mediaType: string, media: Node) {
  const form = formOf(mediaType)
  const schema = (own(media, 'schema') ?? {}) as Node
  const end = resolved(document, schema)
  const isList = (form === 'json-lines' || form === 'event-stream') && end['type'] === 'array'
  const record = isList ? ((own(end, 'items') ?? {}) as Node) : schema
  return { mediaType, form, schema: record, released: media['x-portico-class'] === 'public' }
}

function formOf(mediaType: string): BodyForm {
  if (/^application\/(.*\+)?json$/.test(mediaType)) return 'json'
  if (/ndjson|jsonl|jsonlines/.test(mediaType)) return 'json-lines'
  return mediaType === 'text/event-stream' ? 'event-stream' : 'as it is'
}

const unlikely = [203, 204, 299, 302, 304, 418, 451, 511, 599, 999]

function covered(status: number, operation: Node): boolean {
  const keys = Object.keys(operation['responses'] as object)
  return [String(status), `${Math.trunc(status / 100)}XX`, 'default'].some((one) => keys.includes(one))
}

/** A status that falls under the key and under no other one. */
function statusOf(key: string, operation: Node): number {
  const taken = Object.keys(operation['responses'] as object)
  if (/^\d+$/.test(key)) return Number(key)
  const classes = key === 'default' ? ['5', '4', '2'] : [key.slice(0, 1)]
  const free = classes
    .filter((one) => key !== 'default' || !taken.includes(`${one}XX`))
    .flatMap((one) => ['77', '78', '79'].map((rest) => `${one}${rest}`))
  return Number(free.find((one) => !taken.includes(one)))
}

function headersOf(document: Node, response: Node): Map<string, Node | null> {
  const described = Object.entries((own(response, 'headers') ?? {}) as Node)
  return new Map(
    described.map(([name, given]) => {
      const header = resolved(document, given)
      const schema = (own(header, 'schema') ?? {}) as Node
      const stated = [header, ...conjuncts(document, schema)].map((one) => one['x-portico-class'])
      const isWithheld =
        neverReleased.has(name.toLowerCase()) ||
        own(header, 'content') !== undefined ||
        stated.some((one) => one !== undefined && one !== 'public')
      return [name.toLowerCase(), isWithheld ? null : schema]
    }),
  )
}

function conjuncts(document: Node, schema: Node): Node[] {
  const ref = own(schema, '$ref')
  const inner = [...(ref ? [target(document, ref)] : []), ...nodes(own(schema, 'allOf'))]
  return [schema, ...inner.flatMap((one) => conjuncts(document, one))]
}

export function resolved(document: Node, given: unknown): Node {
  const node = isNode(given) ? given : {}
  return typeof node['$ref'] === 'string' ? resolved(document, target(document, node['$ref'])) : node
}
