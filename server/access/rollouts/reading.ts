/**
 * Reads a rollout as somebody wrote it. Everything is bounded, since it is looked at for each partner whenever
 * decisions are compiled, and what would be true of everyone or of nobody by accident is refused.
 */
import { rolloutInvalid } from '#/access/rollouts/problems.ts'
import type { Rollout, Rule } from '#/access/rollouts/rule.ts'

export const bounds = { depth: 5, conditions: 50, values: 100, valueLength: 200, partners: 1000 } as const

/** Short names, as attributes have them. */
const namePattern = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** Throws `rolloutInvalid` with a JSON pointer to what is wrong. */
export function readRollout(value: unknown): Rollout {
  const written = objectAt(value, '')
  switch (written['kind']) {
    case 'off':
    case 'on':
      onlyKeys(written, ['kind'], '')
      return { kind: written['kind'] }
    case 'percentage':
      onlyKeys(written, ['kind', 'percent'], '')
      return { kind: 'percentage', percent: readPercent(written['percent']) }
    case 'cohort':
      onlyKeys(written, ['kind', 'partners', 'rule'], '')
      return readCohort(written)
    default:
      throw refused('/kind', 'is off, cohort, percentage or on')
  }
}

function readPercent(value: unknown): number {
  const hundredths = typeof value === 'number' ? value * 100 : Number.NaN
  const isWhole = Math.abs(hundredths - Math.round(hundredths)) < 1e-6
  if (!(hundredths >= 0 && hundredths <= 10_000 && isWhole)) {
    throw refused('/percent', 'is a number from 0 to 100 with at most two decimals')
  }
  return Math.round(hundredths) / 100
}

function readCohort({ partners = [], rule = null }: Readonly<Record<string, unknown>>): Rollout {
  const named = textsAt(partners, '/partners', bounds.partners)
  const read = rule === null ? null : readRule(rule)
  if (named.length === 0 && read === null) throw refused('', 'a cohort of nobody; say off')
  return { kind: 'cohort', partners: named.toSorted(), rule: read }
}

/** Throws `rolloutInvalid`. */
function readRule(value: unknown): Rule {
  let conditions = 0
  return read(value, '/rule', 1)

  function read(from: unknown, pointer: string, depth: number): Rule {
    if (depth > bounds.depth) throw refused(pointer, `is nested more than ${bounds.depth} deep`)
    conditions += 1
    if (conditions > bounds.conditions)
      throw refused('/rule', `has more than ${bounds.conditions} conditions`)
    const written = objectAt(from, pointer)
    const each = (key: 'all' | 'any') => {
      onlyKeys(written, [key], pointer)
      return listAt(written[key], `${pointer}/${key}`, bounds.conditions).map((one, i) =>
        read(one, `${pointer}/${key}/${i}`, depth + 1),
      )
    }
    if ('all' in written) return { all: each('all') }
    if ('any' in written) return { any: each('any') }
    if ('not' in written) {
      onlyKeys(written, ['not'], pointer)
      return { not: read(written['not'], `${pointer}/not`, depth + 1) }
    }
    onlyKeys(written, ['attribute', 'in'], pointer)
    const attribute = written['attribute']
    if (typeof attribute !== 'string' || attribute.length > 63 || !namePattern.test(attribute)) {
      throw refused(`${pointer}/attribute`, 'is the short name of an attribute')
    }
    const values = textsAt(written['in'], `${pointer}/in`, bounds.values)
    if (values.length === 0) throw refused(`${pointer}/in`, 'names no value')
    return { attribute, in: values }
  }
}

function objectAt(value: unknown, pointer: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(pointer, 'is an object')
  }
  return value as Readonly<Record<string, unknown>>
}

function onlyKeys(value: object, known: readonly string[], pointer: string): void {
  const other = Object.keys(value).find((key) => !known.includes(key))
  if (other !== undefined) throw refused(pointer, `has ${other}, which does not belong here`)
}

/** Not empty: all of nothing is true of everyone. */
function listAt(value: unknown, pointer: string, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw refused(pointer, 'is a list that is not empty')
  if (value.length > most) throw refused(pointer, `has more than ${most} entries`)
  return value
}

function textsAt(value: unknown, pointer: string, most: number): readonly string[] {
  if (!Array.isArray(value)) throw refused(pointer, 'is a list')
  if (value.length > most) throw refused(pointer, `has more than ${most} entries`)
  const wrong = value.findIndex(
    (each) => typeof each !== 'string' || each === '' || each.length > bounds.valueLength,
  )
  if (wrong !== -1) throw refused(`${pointer}/${wrong}`, `is a text of 1 to ${bounds.valueLength} characters`)
  if (new Set(value).size !== value.length) throw refused(pointer, 'names something twice')
  return value as string[]
}

function refused(pointer: string, detail: string) {
  const where = pointer === '' ? 'The rollout' : pointer
  return rolloutInvalid.with({
    detail: `${where}: ${detail}.`,
    errors: [{ in: 'body', pointer: `/rollout${pointer}`, detail, code: 'rollout' }],
  })
}
