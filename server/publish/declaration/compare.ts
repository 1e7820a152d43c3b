/**
 * Three are compared, field by field: what the file says, what it said when it was last applied, and what runs. What
 * only the file changed is to be done, what only somebody else changed is left alone, and what both changed is
 * decided by nobody but a person.
 */
import { isDeepStrictEqual } from 'node:util'
import { pathOf } from '#/publish/declaration/things.ts'
import type { Fields, Thing, Things } from '#/publish/declaration/things.ts'

/** `undefined`: it is not there. */
export type FieldChange = { readonly field: string; readonly before: unknown; readonly after: unknown }

export type Change = {
  readonly thing: Pick<Thing, 'kind' | 'name'>
  /** `forget`: the file names it no longer, and it stays as it is. */
  readonly verb: 'add' | 'change' | 'withdraw' | 'forget'
  readonly fields: readonly FieldChange[]
  /** What it is to be: what the file says, and where something is left alone what runs. */
  readonly target: Fields
}

/** A field whose running value is not what the file says. */
export type Difference = {
  readonly thing: Thing
  readonly field: string
  readonly file: unknown
  readonly last: unknown
  readonly running: unknown
}

export type Compared = {
  readonly changes: readonly Change[]
  /** Changed by hand, and left alone. */
  readonly drifts: readonly Difference[]
  /** Changed by hand and by the file. */
  readonly conflicts: readonly Difference[]
}

/** Which side counts where both could: by path of a thing or of a field, `''` for all. */
export type Takes = ReadonlyMap<string, 'file' | 'running'>

export type Sides = { readonly said: Things; readonly last: Things; readonly running: Things }

export function compare({ said, last, running }: Sides, takes: Takes): Compared {
  const found = [...said.values()].map((thing) => {
    const path = pathOf(thing)
    return compareThing(thing, last.get(path), running.get(path), takes)
  })
  return {
    changes: [...found.flatMap(({ change }) => change ?? []), ...unnamed({ said, last, running })],
    drifts: found.flatMap(({ drifts }) => drifts),
    conflicts: found.flatMap(({ conflicts }) => conflicts),
  }
}

function compareThing(thing: Thing, last: Thing | undefined, running: Thing | undefined, takes: Takes) {
  const { kind, name, fields } = thing
  const before = running?.fields ?? {}
  // Nothing that can be done by hand takes a thing away: where it is gone, the file begins anew.
  const known = running ? (last?.fields ?? {}) : {}
  const target: Record<string, unknown> = {}
  const changed: FieldChange[] = []
  const drifts: Difference[] = []
  const conflicts: Difference[] = []
  for (const field of new Set([...Object.keys(fields), ...Object.keys(known), ...Object.keys(before)])) {
    const sides = { file: fields[field], last: known[field], running: before[field] }
    const verdict = judge(sides, takeOf(takes, pathOf(thing), field))
    if (verdict === 'change') changed.push({ field, before: sides.running, after: sides.file })
    else if (verdict !== 'same') {
      const list = verdict === 'drift' ? drifts : conflicts
      list.push({ thing: running ?? thing, field, ...sides })
    }
    const value = verdict === 'change' ? sides.file : sides.running
    if (value !== undefined) target[field] = value
  }
  const verb = running ? 'change' : 'add'
  const change: Change | null =
    changed.length > 0 ? { thing: { kind, name }, verb, fields: changed, target } : null
  return { change, drifts, conflicts }
}

type Side = Pick<Difference, 'file' | 'last' | 'running'>

function judge({ file, last, running }: Side, take: 'file' | 'running' | null) {
  if (isDeepStrictEqual(file, running)) return 'same'
  const isByHand = !isDeepStrictEqual(running, last)
  if (!isByHand || take === 'file') return 'change'
  return take === 'running' || isDeepStrictEqual(file, last) ? 'drift' : 'conflict'
}

/** The most exact word counts. */
function takeOf(takes: Takes, path: string, field: string): 'file' | 'running' | null {
  return takes.get(`${path}.${field}`) ?? takes.get(path) ?? takes.get('') ?? null
}

/** What the file does not name stays, except contracts: only those it names are served. */
function unnamed({ said, last, running }: Sides): readonly Change[] {
  const withdrawn = [...running.values()].filter(
    (thing) => thing.kind === 'contracts' && !said.has(pathOf(thing)),
  )
  const forgotten = [...last.values()].filter(
    (thing) => thing.kind !== 'contracts' && thing.kind !== 'provider' && !said.has(pathOf(thing)),
  )
  const all = [
    ...withdrawn.map((thing) => ({ thing, verb: 'withdraw' as const })),
    ...forgotten.map((thing) => ({ thing, verb: 'forget' as const })),
  ]
  return all.map(({ thing: { kind, name }, verb }) => ({
    thing: { kind, name },
    verb,
    fields: [],
    target: {},
  }))
}
