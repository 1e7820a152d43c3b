/** Finds parameters where they travel: in the path, the query, the headers, the cookies. */
import { judge, violationOf } from '#/contracts/compile/requests/parameter.ts'
import type { Violation } from '#/contracts/compile/operation.ts'
import {
  decodeNothing,
  decodePercent,
  decodeQuery,
  readItems,
  readPairs,
  readPiece,
  type Decode,
  type Parameter,
} from '#/contracts/compile/requests/styles.ts'
import { notAccepted } from '#/contracts/validation/validation.ts'

const none: readonly Violation[] = []
const missing = (parameter: Parameter): readonly Violation[] =>
  parameter.required ? [violationOf(parameter, 'required', 'is required')] : none
const refused = (parameter: Pick<Parameter, 'in' | 'name'>, code: string): readonly Violation[] => [
  violationOf(parameter, code, notAccepted),
]

export function readPath(parameter: Parameter, raw: string): readonly Violation[] {
  return raw === '' ? missing(parameter) : readText(parameter, raw, decodePercent)
}

export function readHeader(parameter: Parameter, value: string | undefined): readonly Violation[] {
  return value === undefined ? missing(parameter) : readText(parameter, value, (text) => text.trim())
}

/** RFC 6265 §4.2: pairs between semicolons. */
export function readCookies(
  parameters: readonly Parameter[],
  header: string | undefined,
): readonly Violation[] {
  const values = new Map<string, string[]>()
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals > 0) addTo(values, pair.slice(0, equals).trim(), pair.slice(equals + 1).trim())
  }
  return parameters.flatMap((parameter) => readOnce(parameter, values.get(parameter.name), decodePercent))
}

type Query = Map<string, string[]>

/** Values stay as they were sent, under their decoded names; null when a name cannot be decoded. */
function parseQuery(query: string): Query | null {
  const values: Query = new Map()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodeQuery(equals === -1 ? pair : pair.slice(0, equals))
    if (name === null) return null
    addTo(values, name, equals === -1 ? '' : pair.slice(equals + 1))
  }
  return values
}

function addTo(values: Map<string, string[]>, name: string, value: string): void {
  const before = values.get(name)
  if (before === undefined) values.set(name, [value])
  else before.push(value)
}

/**
 * Reads the parameters of a query; what none of them takes is refused, for it could mean something to an upstream.
 * Those that are kept inside take nothing, so that a caller is told the same of them, in the same place of the list.
 */
export function readQuery(all: readonly Parameter[], query: string, max: number): readonly Violation[] {
  const values = parseQuery(query)
  if (values === null) {
    return [{ in: 'query', code: 'malformed', detail: 'a name holds a broken percent-encoding' }]
  }
  const left = new Set(values.keys())
  const parameters = all.filter((parameter) => !parameter.inside)
  const violations: Violation[] = []
  // Objects that take any name come last, when the others have taken theirs.
  for (const parameter of parameters) {
    if (!parameter.open) violations.push(...readQueryParameter(parameter, values, left, decodeQuery))
  }
  for (const parameter of parameters) {
    if (parameter.open) violations.push(...readQueryParameter(parameter, values, left, decodeQuery))
  }
  for (const name of left) {
    if (violations.length >= max) break
    const isInside = all.some((parameter) => parameter.inside && takes(parameter, name))
    violations.push(...refused({ in: 'query', name: name.slice(0, 128) }, isInside ? 'internal' : 'unknown'))
  }
  return violations
}

/** Whether a parameter would read the value of this name. */
function takes(parameter: Parameter, name: string): boolean {
  const isObject = !parameter.json && parameter.reading.shape === 'object'
  return name === parameter.name || (isObject && memberName(parameter, name) !== null)
}

/** Also reads the fields of a form, which are written like a query. Takes its names out of `left`. */
export function readQueryParameter(
  parameter: Parameter,
  values: Query,
  left: Set<string>,
  decode: Decode,
): readonly Violation[] {
  const { reading, name } = parameter
  const { style, shape, explode } = reading
  const isExploded = explode && style !== 'deepObject'
  if (!parameter.json && shape === 'object' && (isExploded || style === 'deepObject')) {
    return readMembers(parameter, values, left, decode)
  }
  const given = values.get(name)
  left.delete(name)
  if (!parameter.json && shape === 'list' && isExploded && given !== undefined) {
    if (parameter.mayBeEmpty && given.every((text) => text === '')) return none
    const single = given.length === 1 ? given[0] : undefined
    return judge(parameter, (as) => {
      if (as.shape === 'list') return readItems(given, as, decode)
      return single === undefined ? undefined : readPiece(single, as, decode)
    })
  }
  return readOnce(parameter, given, decode)
}

function readOnce(
  parameter: Parameter,
  given: readonly string[] | undefined,
  decode: Decode,
): readonly Violation[] {
  if (given === undefined) return missing(parameter)
  if (given.length > 1) return [violationOf(parameter, 'duplicate', 'must not be sent more than once')]
  const [text = ''] = given
  return text === '' && parameter.mayBeEmpty ? none : readText(parameter, text, decode)
}

function readText(parameter: Parameter, text: string, decode: Decode): readonly Violation[] {
  if (!parameter.json) return judge(parameter, (reading) => readPiece(text, reading, decode))
  return judge(parameter, () => parseJson(decode(text)))
}

function parseJson(text: string | null): unknown {
  if (text === null) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `color[R]=100&color[G]=200` and `R=100&G=200`. */
function readMembers(
  parameter: Parameter,
  values: Query,
  left: Set<string>,
  decode: Decode,
): readonly Violation[] {
  const pairs: [string, string][] = []
  for (const name of left) {
    const property = memberName(parameter, name)
    if (property === null) continue
    left.delete(name)
    for (const text of values.get(name) ?? []) pairs.push([property, text])
  }
  if (pairs.length === 0) return missing(parameter)
  return judge(parameter, (reading) =>
    reading.shape === 'object' ? readPairs(pairs, reading, decodeNothing, decode) : undefined,
  )
}

function memberName({ name, reading, properties, open }: Parameter, sent: string): string | null {
  if (reading.style !== 'deepObject') return open || properties.has(sent) ? sent : null
  const isMember = sent.startsWith(`${name}[`) && sent.endsWith(']')
  const property = isMember ? sent.slice(name.length + 1, -1) : ''
  // One level, as the style defines it; what brackets inside brackets mean is everyone's own (OpenAPI 3.1.1, style values).
  return property !== '' && !/[[\]]/.test(property) ? property : null
}
