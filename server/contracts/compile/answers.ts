/** What may leave under each status of an operation: its headers, its media types, the projection of its content. */
import type { Contract } from '#/contracts/compile/contract.ts'
import { essenceOf, isJson, isJsonLines, mediaTypeFinder } from '#/contracts/compile/media-types.ts'
import type { AnswerKind, AnswerRule, StatusRule } from '#/contracts/compile/operation.ts'
import { readSchema } from '#/contracts/compile/requests/parameter.ts'
import { refuseLost } from '#/contracts/compile/report.ts'
import { readPiece } from '#/contracts/compile/requests/styles.ts'
import {
  follow,
  isLost,
  isTree,
  member,
  own,
  statedClasses,
  type Place,
  type Tree,
} from '#/contracts/validation/validation.ts'

export function compileAnswers(
  operation: Tree,
  pointer: string,
  contract: Contract,
): (status: number) => StatusRule | undefined {
  const rules = new Map<string, StatusRule>()
  const responses = own(operation, 'responses')
  const at = member(pointer, 'responses')
  for (const [key, node] of isTree(responses) ? Object.entries(responses) : []) {
    if (key.startsWith('x-')) continue
    if (!/^([1-5]\d\d|[1-5]XX|default)$/.test(key)) {
      contract.report.refuse(
        member(at, key),
        'malformed',
        'a response stands under a status, a class such as 4XX, or default',
      )
      continue
    }
    const found = follow(contract.document, { node, pointer: member(at, key) })
    if (isLost(found)) refuseLost(contract.report, member(at, key), found)
    else if (isTree(found.node)) rules.set(key, contract.response(found.node, found.pointer))
  }
  if (rules.size === 0)
    contract.report.note(pointer, 'no_responses', 'no answer is described, so none is released')
  const byStatus = new Map<number, StatusRule>()
  for (const [key, rule] of rules) if (/^\d+$/.test(key)) byStatus.set(Number(key), rule)
  return (status) =>
    byStatus.get(status) ?? rules.get(`${Math.trunc(status / 100)}XX`) ?? rules.get('default')
}

export function compileResponse(response: Tree, pointer: string, contract: Contract): StatusRule {
  const content = own(response, 'content')
  const ranges = Object.entries(isTree(content) ? content : {}).flatMap(([name, mediaType]) => {
    const at = member(member(pointer, 'content'), name)
    const range = essenceOf(name)
    if (range === null || !isTree(mediaType)) {
      contract.report.refuse(at, 'malformed', 'content must be listed by media types')
      return []
    }
    return [{ range, value: compileMediaType(range, mediaType, at, contract) }]
  })
  return {
    headers: compileHeaders(response, pointer, contract),
    empty: ranges.length === 0,
    rule: mediaTypeFinder(ranges),
  }
}

/** Ours to say, or about the one connection to the upstream (RFC 9110 §7.6.1); a contract cannot release them. */
const notReleased: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function compileHeaders(response: Tree, pointer: string, contract: Contract): StatusRule['headers'] {
  const headers = new Map<string, (value: string) => boolean>()
  const given = own(response, 'headers')
  for (const [name, node] of isTree(given) ? Object.entries(given) : []) {
    const at = member(member(pointer, 'headers'), name)
    const found = follow(contract.document, { node, pointer: at })
    if (isLost(found)) refuseLost(contract.report, at, found)
    else if (notReleased.has(name.toLowerCase())) {
      if (name.toLowerCase() !== 'content-type')
        contract.report.note(at, 'header_ignored', `${name} is not the contract's to release`)
    } else if (isTree(found.node) && Object.hasOwn(found.node, 'content')) {
      contract.report.note(at, 'header_ignored', 'a header that holds a document of its own is not released')
    } else if (isTree(found.node)) compileHeader(headers, name, found.node, contract)
  }
  return headers
}

function compileHeader(
  headers: Map<string, (value: string) => boolean>,
  name: string,
  header: Tree,
  contract: Contract,
): void {
  const schema = own(header, 'schema') ?? {}
  // Personal data may be sent by a caller but is not handed out.
  if (classesOf(header, contract).some((given) => given !== 'public')) return
  const { reading, otherReadings, check } = readSchema(
    schema,
    'simple',
    own(header, 'explode') === true,
    contract,
  )
  const fits = (value: unknown): boolean =>
    value !== undefined && (check === null || check(value).length === 0)
  headers.set(name.toLowerCase(), (value) =>
    [reading, ...otherReadings].some((one) => fits(readPiece(value, one, (text) => text.trim()))),
  )
}

/** What a header or a media type says of itself, and what its schema says. */
function classesOf(node: Tree, { document }: Contract): readonly unknown[] {
  const given = own(node, 'x-portico-class')
  return [...(given === undefined ? [] : [given]), ...statedClasses(document, own(node, 'schema'))]
}

function kindOf(essence: string): AnswerKind {
  if (isJson(essence)) return 'json'
  if (isJsonLines(essence)) return 'json-lines'
  if (essence === 'text/event-stream') return 'event-stream'
  return essence.startsWith('text/') ? 'text' : 'binary'
}

function compileMediaType(range: string, mediaType: Tree, pointer: string, contract: Contract): AnswerRule {
  const kind = kindOf(range)
  const schema = own(mediaType, 'schema')
  if (kind === 'text' || kind === 'binary') {
    const classes = classesOf(mediaType, contract)
    return {
      kind,
      mediaType: range,
      project: null,
      released: classes.length > 0 && classes.every((given) => given === 'public'),
    }
  }
  const described: Place = { node: schema ?? true, pointer: member(pointer, 'schema') }
  const place = kind === 'json' ? described : oneRecord(described, contract)
  return { kind, mediaType: range, project: contract.project(place), released: false }
}

/** Many describe a stream of lines as the list of its records, for want of a better word before OpenAPI 3.2. */
function oneRecord(place: Place, { document, report }: Contract): Place {
  const end = follow(document, place)
  if (isLost(end) || !isTree(end.node) || own(end.node, 'type') !== 'array') return place
  report.note(
    end.pointer,
    'list_of_records',
    'the items of the list are taken as what one record of the stream looks like',
  )
  return { node: own(end.node, 'items') ?? true, pointer: member(end.pointer, 'items') }
}
