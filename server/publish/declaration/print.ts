/** A plan as people read it: what is new (+), changed (~) or taken away (-), in groups, before → after, and whom it concerns. */
import type { Entitlement } from '#/access/packages/packages.ts'
import type { Change, Difference, FieldChange } from '#/publish/declaration/compare.ts'
import type { Report } from '#/publish/declaration/report.ts'
import { writtenSchedule } from '#/publish/declaration/file/stages.ts'
import type { Schedule } from '#/publish/declaration/file/stages.ts'
import type { Locate } from '#/publish/declaration/file/source.ts'
import { kinds, pathOf } from '#/publish/declaration/things.ts'

export type Printed = {
  readonly locate: Locate
  /** Whether it is done, or would be. */
  readonly isDone: boolean
}

export function print(report: Report, printed: Printed): string {
  const refused = refusedOf(report, printed.locate)
  const sections = [
    ...kinds.map((kind) => groupOf(kind, report)),
    section('Changed by hand, and left alone', driftsOf(report)),
    section(
      'Refused; nothing was changed',
      refused.map((lines) => lines.join('\n      ')),
    ),
    [summaryOf(report, printed.isDone, refused.length)],
  ]
  const texts = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${texts.join('\n\n')}\n`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]
}

function groupOf(kind: Change['thing']['kind'], report: Report): readonly string[] {
  const changes = report.done.changes.filter(({ thing }) => thing.kind === kind)
  const changed = new Set(changes.map(({ thing }) => thing.name))
  const followed = [...report.versions.keys()].filter((name) => kind === 'packages' && !changed.has(name))
  return section(kind, [
    ...changes.flatMap((change) => linesOf(change, report)),
    ...followed.flatMap((name) => {
      return linesOf({ thing: { kind, name }, verb: 'change', fields: [], target: {} }, report)
    }),
  ])
}

const signs = { add: '+', change: '~', withdraw: '-', forget: '-' } as const

function linesOf({ thing, verb, fields }: Change, { versions, notes }: Report): readonly string[] {
  const version = thing.kind === 'packages' ? versions.get(thing.name) : undefined
  const after = {
    add: '',
    change: version === undefined ? '' : `: version ${version}`,
    withdraw: ': no longer served',
    forget: ': no longer in the file; it stays as it is',
  }
  const name = thing.name === '' ? thing.kind : thing.name
  return [
    `${signs[verb]} ${name}${after[verb]}`,
    ...fields.map((each) => `    ${verb === 'add' ? newText(each) : changeText(each)}`),
    ...(notes.get(pathOf(thing)) ?? []).map((note) => `    ${note}`),
  ]
}

function newText({ field, after }: FieldChange): string {
  const text = show(after, field)
  return text === yes ? field : `${field}: ${text}`
}

function changeText({ field, before, after }: FieldChange): string {
  if (before === undefined) return `+ ${newText({ field, before, after })}`
  if (after === undefined) return `- ${newText({ field, before, after: before })}`
  return `~ ${field}: ${show(before, field)} → ${show(after, field)}`
}

function count(number: number, noun: string): string {
  return `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`
}

/** One line for each field that was changed by hand and is left alone. */
function driftsOf({ done, hands }: Report): readonly string[] {
  return done.drifts.map(({ thing, field, file, running }) => {
    const path = pathOf(thing)
    const sides = `the file says ${show(file, field)}, what runs is ${show(running, field)}`
    return `${path}.${field}: ${sides} (${hands.get(`${path}.${field}`) ?? ''})`
  })
}

/** For a log: where and by whom; what stands there may be a name. */
export function inShort({ done, hands }: Report, locate: Locate) {
  const handed = ({ thing, field }: Difference) => {
    const path = pathOf(thing)
    return {
      at: `${locate([...path.split('.'), ...field.split('.')])} ${path}.${field}`,
      by: hands.get(`${path}.${field}`) ?? '',
    }
  }
  const conflicts = done.conflicts.map((each) => {
    const { at, by } = handed(each)
    return `${at}: changed in the file and by hand (${by})`
  })
  const refusals = done.refusals.map(({ path, message }) => `${locate(path.split('.'))} ${path}: ${message}`)
  const left = done.drifts.map((each) => {
    const { at, by } = handed(each)
    return `${at} (${by})`
  })
  return { refused: [...conflicts, ...refusals], left }
}

function refusedOf(report: Report, locate: Locate): readonly (readonly string[])[] {
  const { conflicts, refusals } = report.done
  const place = (path: string) => `${locate(path.split('.'))} ${path}`
  return [
    ...conflicts.map((each) => conflictOf(each, place(`${pathOf(each.thing)}.${each.field}`), report)),
    ...refusals.map(({ path, message }) => [`${place(path)}: ${message}`]),
  ]
}

function conflictOf(difference: Difference, place: string, { done, hands }: Report): readonly string[] {
  const { thing, field, file, last, running } = difference
  const path = pathOf(thing)
  const at = done.sides.appliedAt.get(path)?.toISOString()
  return [
    `${place}: changed in the file and by hand`,
    at
      ? `the file said ${show(last, field)} until now (applied ${at})`
      : 'the file did not name it until now',
    `it says ${show(file, field)}`,
    `what runs is ${show(running, field)} (${hands.get(`${path}.${field}`) ?? ''})`,
    `decide with --take file:${path}.${field} or --take running:${path}.${field}`,
  ]
}

function summaryOf({ done }: Report, isDone: boolean, refused: number): string {
  const { changes, moves } = done
  if (refused > 0) return `Nothing can be applied: ${count(refused, 'refusal')}.`
  if (changes.length + moves.length === 0) return 'Nothing to do.'
  const of = (verb: Change['verb']) => changes.filter((change) => change.verb === verb).length
  const parts = [
    [of('add'), isDone ? 'added' : 'to add'],
    [of('change'), isDone ? 'changed' : 'to change'],
    [of('withdraw'), isDone ? 'withdrawn' : 'to withdraw'],
    [of('forget'), isDone ? 'let go' : 'to let go'],
  ] as const
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  // A new partner is put on its package; it does not move.
  const moved = moves.filter(({ from }) => from !== null).length
  if (moved > 0) said.push(`${count(moved, 'partner')} ${isDone ? 'moved' : 'to move'}`)
  return `${isDone ? 'Done' : 'Plan'}: ${said.join(', ')}.`
}

/** Where the name of a field says it all. */
const yes = 'yes'

/** As in a file, on one line. */
function show(value: unknown, field = ''): string {
  if (value === undefined || value === null) return 'nothing'
  if (field === 'document') return flow(value).slice(0, 12)
  if (value === true && field.includes('.')) return yes
  if (field.startsWith('rollout.')) return flow(writtenSchedule(value as Schedule))
  return field.startsWith('entitlements.') ? entitlementText(value as Entitlement) : flow(value)
}

/** Its kind shows by what it has. */
function entitlementText({ kind, ...rest }: Entitlement): string {
  return Object.keys(rest).length > 0 ? flow(rest) : kind === 'boolean' ? yes : kind
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([key, each]) => `${key}: ${flow(each)}`)
    return `{ ${parts.join(', ')} }`
  }
  return value === '' ? "''" : String(value)
}
