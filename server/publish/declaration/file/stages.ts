/** How a rollout is written: `on`, `off`, a percentage or a cohort, and what it becomes at which time. */
import { isDeepStrictEqual } from 'node:util'
import { Type } from 'typebox'
import type { TSchema } from 'typebox'
import { readRollout } from '#/access/rollouts/rollouts.ts'
import type { Rollout, Rule } from '#/access/rollouts/rollouts.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import type { Mistakes, Path } from '#/publish/declaration/file/source.ts'

/** As it is kept and compared; partners by their short names. */
export type Stage =
  | { readonly to: 'on' | 'off' }
  | { readonly percentage: number }
  | { readonly cohort: { readonly partners: readonly string[]; readonly where: Rule | null } }

export type Step = Stage & { readonly at: string }

/** Times are ISO 8601 to the millisecond, ascending. */
export type Schedule = { readonly now: Stage; readonly steps: readonly Step[] }

type WrittenStage = {
  readonly to?: 'on' | 'off'
  readonly percentage?: number
  readonly cohort?: { readonly partners?: readonly string[]; readonly where?: Rule }
}

export type WrittenSchedule =
  | 'on'
  | 'off'
  | (WrittenStage & { readonly steps?: readonly (WrittenStage & { readonly at: string })[] })

export type WrittenRollout =
  | 'on'
  | 'off'
  | { readonly live?: WrittenSchedule; readonly sandbox?: WrittenSchedule }

const strict = { additionalProperties: false } as const
const word = Type.Unsafe<'on' | 'off'>({ enum: ['on', 'off'] })

const stage = {
  to: Type.Optional(word),
  percentage: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  cohort: Type.Optional(
    Type.Object(
      {
        partners: Type.Optional(
          Type.Array(Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' }), { uniqueItems: true }),
        ),
        where: Type.Optional(Type.Unsafe<Rule>({ type: 'object' })),
      },
      strict,
    ),
  ),
}

/** A word, or what the object says. */
const wordOr = <Value>(object: TSchema) =>
  Type.Unsafe<Value>({ ...object, type: ['string', 'object'], format: 'portico-switch' })

const step = Type.Object({ at: Type.String({ format: 'portico-time' }), ...stage }, strict)

const schedule = wordOr<WrittenSchedule>(
  Type.Object({ ...stage, steps: Type.Optional(Type.Array(step)) }, strict),
)

export const rollout = wordOr<WrittenRollout>(
  Type.Object({ live: Type.Optional(schedule), sandbox: Type.Optional(schedule) }, strict),
)

/** In the form in which times are kept; a date is its first moment. */
export function timeOf(text: string): string {
  return new Date(text).toISOString()
}

/** What is not said of an environment is on. */
export function scheduleOf(written: WrittenRollout | undefined, environment: 'live' | 'sandbox'): Schedule {
  const said = typeof written === 'object' ? (written[environment] ?? 'on') : (written ?? 'on')
  if (typeof said === 'string') return { now: { to: said }, steps: [] }
  return {
    now: stageOf(said),
    steps: (said.steps ?? []).map((each) => ({ at: timeOf(each.at), ...stageOf(each) })),
  }
}

function stageOf({ to, percentage, cohort }: WrittenStage): Stage {
  if (cohort) return { cohort: { partners: (cohort.partners ?? []).toSorted(), where: cohort.where ?? null } }
  return percentage === undefined ? { to: to ?? 'on' } : { percentage }
}

/** What a schedule comes to at a moment: the stage it has reached, and the steps that still change something. */
export function scheduleAt({ now, steps }: Schedule, moment: string): Schedule {
  let reached: Stage = now
  let last: Stage = now
  const later: Step[] = []
  for (const step of steps) {
    const { at, ...stage } = step
    if (at <= moment) reached = stage
    else if (!isDeepStrictEqual(stage, last)) later.push(step)
    last = stage
  }
  return { now: reached, steps: later }
}

/** The other way: as short as it can be written. */
export function writtenSchedule({ now, steps }: Schedule): WrittenSchedule {
  if (steps.length === 0 && 'to' in now) return now.to
  const later = steps.map(({ at, ...rest }) => ({ at, ...writtenStage(rest) }))
  return { ...writtenStage(now), ...(later.length > 0 && { steps: later }) }
}

function writtenStage(said: Stage): WrittenStage {
  if (!('cohort' in said)) return said
  const { partners, where } = said.cohort
  return { cohort: { ...(partners.length > 0 && { partners }), ...(where !== null && { where }) } }
}

/** What the shape cannot say: one stage at a time, in the order of time, never back to one that was left. */
export function checkRollout(path: Path, written: WrittenRollout | undefined, mistakes: Mistakes): void {
  if (typeof written !== 'object') return
  for (const environment of ['live', 'sandbox'] as const) {
    const said = written[environment]
    if (typeof said === 'object') checkSchedule([...path, environment], said, mistakes)
  }
}

function checkSchedule(path: Path, written: Exclude<WrittenSchedule, string>, mistakes: Mistakes): void {
  checkStage(path, written, mistakes)
  const seen = new Set<string>()
  let last = ''
  for (const [i, step] of (written.steps ?? []).entries()) {
    const at = [...path, 'steps', i]
    const time = timeOf(step.at)
    if (time <= last) mistakes.add([...at, 'at'], 'does not come after the step before it')
    last = time
    // A rule may stand inside of itself; only of one that was read there is a text.
    if (!checkStage(at, step, mistakes)) continue
    const text = JSON.stringify(stageOf(step))
    if (seen.has(text)) mistakes.add(at, 'goes back to an earlier step: a circle')
    seen.add(text)
  }
}

/** Whether it can be meant. Whose names stand in a rule and how deep it is, rollouts know. */
function checkStage(path: Path, written: WrittenStage, mistakes: Mistakes): boolean {
  const { to, percentage, cohort } = written
  const said = [to, percentage, cohort].filter((each) => each !== undefined)
  if (said.length !== 1) {
    mistakes.add(path, 'must say one of to, percentage and cohort')
    return false
  }
  try {
    readRollout(rolloutOf(stageOf(written), (slug) => slug))
    return true
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const [first] = error.occurrence.errors ?? []
    const pointer = first && 'pointer' in first ? first.pointer : ''
    const [, , ...inside] = pointer.split('/')
    mistakes.add([...path, ...inside.flatMap(placeOf)], first?.detail ?? 'is no rollout')
    return false
  }
}

function placeOf(key: string): Path {
  return places[key] ?? [/^\d+$/.test(key) ? Number(key) : key]
}

/** Where the file says what a rollout keeps under another name. */
const places: Readonly<Record<string, Path>> = {
  percent: ['percentage'],
  partners: ['cohort', 'partners'],
  rule: ['cohort', 'where'],
}

/** `idOf`: the id of a partner by its short name. */
export function rolloutOf(said: Stage, idOf: (slug: string) => string): Rollout {
  if ('to' in said) return { kind: said.to }
  if ('percentage' in said) return { kind: 'percentage', percent: said.percentage }
  return { kind: 'cohort', partners: said.cohort.partners.map(idOf), rule: said.cohort.where }
}

/** The other way. */
export function stageFrom(rollout: Rollout, slugOf: (id: string) => string): Stage {
  if (rollout.kind === 'percentage') return { percentage: rollout.percent }
  if (rollout.kind !== 'cohort') return { to: rollout.kind }
  return { cohort: { partners: rollout.partners.map(slugOf).toSorted(), where: rollout.rule } }
}
