/**
 * Says in words what is wrong with a value. The words are the contract's (limits, names, alternatives) and
 * never the caller's value, which may be a secret and would travel into logs.
 */
import type { ErrorObject } from 'ajv'
import { member } from '#/contracts/validation/pointers.ts'

/** One way in which a value breaks its schema. `pointer` leads into the value, `#` is the value itself. */
export type Fault = { readonly code: string; readonly detail: string; readonly pointer: string }

/** The same sentence for a field that does not exist and for one that exists but is none of the caller's business. */
export const notAccepted = 'is not accepted here'

/** A field whose class keeps it inside. */
export const inside = { code: 'internal', detail: notAccepted } as const

/** A readOnly field: refused rather than ignored, so that a caller never believes it has changed one. */
export const setByService = { code: 'readOnly', detail: 'is set by the service and cannot be sent' } as const

export const tooDeep = { code: 'malformed', detail: 'is nested too deeply', pointer: '#' } as const
export const tooComplex = {
  code: 'malformed',
  detail: 'has too many parts to be checked',
  pointer: '#',
} as const

/** A name of the caller's is repeated in a pointer only up to this length. */
const maxNameLength = 128

/** What ajv tells of a fault; the words of the contract, all of them. */
type Params = Readonly<Record<string, unknown>>

function pointerTo(error: ErrorObject, name?: unknown): string {
  const at = `#${error.instancePath}`
  return typeof name === 'string' && name.length <= maxNameLength ? member(at, name) : at
}

/** Faults without the remarks of ajv that only explain another one; the same place and code once. */
export function faultsOf(errors: readonly ErrorObject[], max: number): readonly Fault[] {
  const faults: Fault[] = []
  const seen = new Set<string>()
  for (const error of errors) {
    if (faults.length >= max) break
    if (error.keyword === 'if' || error.propertyName !== undefined) continue
    const fault = faultOf(error)
    const key = `${fault.pointer}\n${fault.code}\n${fault.detail}`
    if (!seen.has(key)) faults.push(fault)
    seen.add(key)
  }
  return faults
}

function faultOf(error: ErrorObject): Fault {
  const params = error.params as Params
  switch (error.keyword) {
    case 'required':
      return { code: 'required', detail: 'is required', pointer: pointerTo(error, params['missingProperty']) }
    case 'dependentRequired':
      return {
        code: 'dependentRequired',
        detail: `is required together with ${String(params['property'])}`,
        pointer: pointerTo(error, params['missingProperty']),
      }
    case 'additionalProperties':
      return { code: 'unknown', detail: notAccepted, pointer: pointerTo(error, params['additionalProperty']) }
    case 'false schema':
      return { code: 'unknown', detail: notAccepted, pointer: pointerTo(error) }
    case 'propertyNames':
      return {
        code: 'propertyNames',
        detail: 'has a name that the contract does not allow',
        pointer: pointerTo(error, params['propertyName']),
      }
    case 'distinctItems':
      return {
        code: 'uniqueItems',
        detail: 'must not contain the same item twice',
        pointer: pointerTo(error),
      }
    default:
      return { code: error.keyword, detail: detailOf(error.keyword, params), pointer: pointerTo(error) }
  }
}

const simple: Readonly<Record<string, string>> = {
  anyOf: 'matches none of the alternatives of the contract',
  not: 'is excluded by the contract',
  contains: 'does not contain the items that the contract asks for',
}

const counted: Readonly<Record<string, readonly [before: string, one: string, many: string]>> = {
  minLength: ['must have at least', 'character', 'characters'],
  maxLength: ['must have at most', 'character', 'characters'],
  minItems: ['must have at least', 'item', 'items'],
  maxItems: ['must have at most', 'item', 'items'],
  items: ['must have at most', 'item', 'items'],
  minProperties: ['must have at least', 'property', 'properties'],
  maxProperties: ['must have at most', 'property', 'properties'],
}

function detailOf(keyword: string, params: Params): string {
  const words = counted[keyword]
  if (words !== undefined)
    return `${words[0]} ${String(params['limit'])} ${params['limit'] === 1 ? words[1] : words[2]}`
  switch (keyword) {
    case 'type':
      return `must be ${[params['type']].flat().map(withArticle).join(' or ')}`
    case 'enum':
      return list(params['allowedValues'])
    case 'const':
      return list([params['allowedValue']])
    case 'minimum':
      return `must be at least ${String(params['limit'])}`
    case 'maximum':
      return `must be at most ${String(params['limit'])}`
    case 'exclusiveMinimum':
      return `must be more than ${String(params['limit'])}`
    case 'exclusiveMaximum':
      return `must be less than ${String(params['limit'])}`
    case 'multipleOf':
      return `must be a multiple of ${String(params['multipleOf'])}`
    case 'pattern':
      return short(`must match ${String(params['pattern'])}`, 'must match the pattern of the contract')
    case 'format':
      return `must have the format ${String(params['format'])}`
    case 'oneOf':
      return params['passingSchemas'] === null
        ? 'matches none of the alternatives of the contract'
        : 'matches more than one of the alternatives of the contract'
    default:
      return simple[keyword] ?? 'does not match the contract'
  }
}

function withArticle(type: unknown): string {
  if (type === 'null') return 'null'
  return `${/^[aeiou]/.test(String(type)) ? 'an' : 'a'} ${String(type)}`
}

function list(allowed: unknown): string {
  const values = Array.isArray(allowed) ? (allowed as unknown[]) : []
  const text = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ')
  return short(
    values.length === 1 ? `must be ${text}` : `must be one of ${text}`,
    'must be one of the values that the contract lists',
  )
}

const short = (long: string, otherwise: string): string => (long.length <= 300 ? long : otherwise)
