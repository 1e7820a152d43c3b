/**
 * Checks values of strangers against schemas of a contract: ajv, fenced in. Whatever is sent, a check ends
 * soon, never throws, and says everything that is wrong up to a cap.
 *
 * Two programs per schema. The first stops at the first fault; it is all that a valid value meets. Only when
 * it says no, a second one collects every fault, and only for a value of at most `maxNodes` parts: with every
 * part wrong, collecting costs some microseconds a part, which a large body would turn into a weapon. A larger
 * body is told its first fault. Both are compiled on first use: 42 ms at worst (the
 * payments of Adyen), where all of GitHub's at once would add 460 ms and 60 MB to every start.
 */
import Ajv2020 from 'ajv/dist/2020.js'
import type { KeywordCxt, ValidateFunction } from 'ajv'
import { _ } from 'ajv'
import { Exhausted, type Effort } from '#/contracts/validation/patterns/effort.ts'
import { faultsOf, tooComplex, tooDeep, type Fault } from '#/contracts/validation/faults.ts'
import { formats } from '#/contracts/validation/formats.ts'
import type { Dialect } from '#/contracts/validation/keywords.ts'
import { compilePattern } from '#/contracts/validation/patterns/pattern.ts'
import { target, isLost } from '#/contracts/validation/pointers.ts'
import { translate, type JsonSchema, type Translation } from '#/contracts/validation/translate.ts'
import { withheldCheck } from '#/contracts/validation/withheld.ts'

export type Check = (value: unknown) => readonly Fault[]

export type Checks = {
  /** A check of one schema of the document; null when the schema asks nothing of a value. */
  check(schema: unknown): Check | null
  /** Whether a schema has fields that a caller may not send. */
  withholds(schema: unknown): boolean
}

export type ChecksOptions = {
  readonly document: unknown
  readonly dialect: Dialect
  /** Faults told at once. */
  readonly maxFaults?: number
  /** Largest value (in members and items) whose faults are all collected. */
  readonly maxNodes?: number
}

/** Schemas entered in one check, and steps of patterns. Unions that contain themselves double the work with every level of nesting. */
const maxSteps = 2_000_000

export function createChecks({
  document,
  dialect,
  maxFaults = 50,
  maxNodes = 10_000,
}: ChecksOptions): Checks {
  const schemas = new Map<string, JsonSchema>()
  const names = new Map<string, string>()
  const pending: string[] = []
  const translation: Translation = {
    document,
    dialect,
    name(pointer) {
      const known = names.get(pointer)
      if (known !== undefined) return known
      // An absolute address, so that nothing is resolved against anything; a number, since a pointer may hold anything.
      const name = `contract:${names.size}`
      names.set(pointer, name)
      pending.push(pointer)
      return name
    },
  }
  const effort = { left: maxSteps }
  const first = createAjv(false, effort)
  const every = createAjv(true, effort)

  function translated(schema: unknown): JsonSchema {
    const written = translate(schema, translation)
    for (let pointer = pending.pop(); pointer !== undefined; pointer = pending.pop()) {
      const found = target(document, pointer)
      const one = isLost(found) ? false : translate(found.node, translation)
      schemas.set(translation.name(pointer), typeof one === 'boolean' ? one : { countStep: true, ...one })
    }
    return written
  }

  return {
    withholds: (schema) => withheldCheck(document, schema, 1) !== null,
    check(schema) {
      const written = translated(schema)
      const withheld = withheldCheck(document, schema, maxFaults, effort)
      if (asksNothing(written) && withheld === null) return null
      const stops = lazily(() => compile(first, written, schemas))
      const collects = lazily(() => compile(every, written, schemas))
      return (value) => {
        effort.left = maxSteps
        try {
          const refused = withheld === null ? [] : withheld(value)
          const run = stops()
          if (run(value)) return refused
          if (!isSmall(value, maxNodes)) return marked(faultsOf(run.errors ?? [], 1), refused)
          const faults = marked(faultsOf(allErrors(collects(), value), maxFaults), refused)
          return [...faults, ...unsaid(refused, faults)].slice(0, maxFaults)
        } catch (error) {
          if (error instanceof Exhausted) return [tooComplex]
          // The stack of a recursive schema on a value nested thousands deep.
          if (error instanceof RangeError) return [tooDeep]
          throw error
        }
      }
    },
  }
}

/**
 * The faults of a schema that does not know the withheld fields, so that nothing about them (not their place in the
 * list, not their number) tells them from fields that do not exist. Which is which is only marked.
 */
function marked(faults: readonly Fault[], withheld: readonly Fault[]): readonly Fault[] {
  if (withheld.length === 0) return faults
  const known = new Map(withheld.map((fault) => [fault.pointer, fault]))
  return faults.map((fault) => (fault.code === 'unknown' ? (known.get(fault.pointer) ?? fault) : fault))
}

/** What a schema that is open to any name does not refuse by itself. A union that matches nothing tells no more than that. */
function unsaid(withheld: readonly Fault[], faults: readonly Fault[]): readonly Fault[] {
  const unions = faults.filter(({ code }) => code === 'oneOf' || code === 'anyOf')
  const isIn = ({ pointer }: Fault) => unions.some((union) => pointer.startsWith(`${union.pointer}/`))
  return withheld.filter((fault) => !faults.includes(fault) && !isIn(fault))
}

const asksNothing = (schema: JsonSchema): boolean =>
  schema === true || (typeof schema === 'object' && Object.keys(schema).length === 0)

function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function allErrors(run: ValidateFunction, value: unknown): NonNullable<ValidateFunction['errors']> {
  run(value)
  return run.errors ?? []
}

function compile(
  ajv: Ajv2020.default,
  schema: JsonSchema,
  schemas: ReadonlyMap<string, JsonSchema>,
): ValidateFunction {
  const needed = [schema]
  for (let one = needed.pop(); one !== undefined; one = needed.pop()) {
    for (const name of references(one)) {
      if (ajv.schemas[name] !== undefined) continue
      const next = schemas.get(name) ?? false
      ajv.addSchema(next, name)
      needed.push(next)
    }
  }
  return ajv.compile(schema)
}

function references(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) for (const one of node) references(one, found)
  else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string') found.push(value)
      else if (key !== 'enum' && key !== 'const') references(value, found)
    }
  }
  return found
}

function isSmall(value: unknown, max: number): boolean {
  let left = max
  const stack: unknown[] = [value]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (typeof at !== 'object' || at === null) continue
    for (const one of Array.isArray(at) ? (at as unknown[]) : Object.values(at)) {
      if (--left < 0) return false
      stack.push(one)
    }
  }
  return true
}

function createAjv(allErrors: boolean, effort: Effort): Ajv2020.default {
  const ajv = new Ajv2020.default({
    allErrors,
    // Documents are surveyed before (survey.ts), with pointers ajv does not give.
    strict: false,
    // `1e999` is Infinity here and something else in another reader.
    strictNumbers: true,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
    messages: false,
    // Without it `required: [toString]` is met by every object.
    ownProperties: true,
    inlineRefs: false,
    // 0.07 / 0.01 is 7.000000000000001.
    multipleOfPrecision: 9,
    code: { regExp: namedPatterns(effort) },
    formats,
  })
  addUnions(ajv)
  // ajv compares every item with every other one; 100,000 objects would be 5,000,000,000 comparisons.
  ajv.addKeyword({
    keyword: 'distinctItems',
    type: 'array',
    schemaType: 'boolean',
    validate: isDistinct,
    errors: false,
  })
  ajv.addKeyword({ keyword: 'countStep', schemaType: 'boolean', code: (cxt) => countStep(cxt, effort) })
  return ajv
}

/** ajv tells patterns apart by their text. */
function namedPatterns(effort: Effort) {
  const named = (source: string) => ({ ...compilePattern(source, effort), toString: () => source })
  return Object.assign(named, { code: 'namedPattern' })
}

const isDistinct = (_schema: boolean, items: readonly unknown[]): boolean =>
  items.length < 2 || new Set(items.map(canonical)).size === items.length

/** Equal text for equal values, whatever the order of their members. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`
}

function countStep({ gen }: KeywordCxt, effort: Effort): void {
  const left = gen.scopeValue('obj', { ref: effort })
  const exhausted = gen.scopeValue('obj', { ref: Exhausted })
  gen.if(_`--${left}.left < 0`, () => gen.throw(_`new ${exhausted}()`))
}

/** `oneOf` and `anyOf` of ajv, told as one fault each; the faults of every branch would only be noise. */
function addUnions(ajv: Ajv2020.default): void {
  for (const keyword of ['oneOf', 'anyOf']) {
    const rule = ajv.getKeyword(keyword)
    if (typeof rule !== 'object' || !('code' in rule) || rule.code === undefined)
      throw new Error(`ajv has no ${keyword}`)
    const { code } = rule
    ajv.removeKeyword(keyword)
    ajv.addKeyword({
      keyword,
      schemaType: 'array',
      trackErrors: true,
      error: rule.error ?? { message: keyword },
      code(cxt, ruleType) {
        const result = cxt.result.bind(cxt)
        cxt.result = (condition, passed, failed) =>
          result(condition, passed, () => {
            cxt.reset()
            failed?.()
          })
        code(cxt, ruleType)
      },
    })
  }
}
