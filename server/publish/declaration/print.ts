/** A plan as people read it: what is new (+), changed (~) or taken away (-), in groups, before → after, and whom it concerns. */
import type { Entitlement } from '#/access/packages/packages.ts'
import type { Change, Difference, FieldChange } from '#/publish/declaration/compare.ts'
import type { Moved, Report } from '#/publish/declaration/report.ts'
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
    [...section('Changed by hand, and left alone', driftsOf(report))],
    [
      ...section(
        'Refused; nothing was changed',
        refused.map((lines) => lines.join('\n      ')),
      ),
    ],
    [summaryOf(report, printed.isDone, refused.length)],
  ]
  const texts = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${texts.join('\n\n')}\n`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]
}

function groupOf(kind: Change['thing']['kind'], { done, moved }: Report): readonly string[] {
  const changes = done.changes.filter(({ thing }) => thing.kind === kind)
  const changed = new Set(changes.map(({ thing }) => thing.name))
  const followed = [...moved.values()].filter(({ name }) => kind === 'packages' && !changed.has(name))
  const lines = [
    ...changes.flatMap((change) =>
      linesOf(change, kind === 'packages' ? moved.get(change.thing.name) : undefined),
    ),
    ...followed.flatMap((each) => [`~ ${each.name}: version ${each.version}`, `    ${movedText(each)}`]),
  ]
  return section(kind, lines)
}

const signs = { add: '+', change: '~', withdraw: '-', forget: '-' } as const

function linesOf({ thing, verb, fields }: Change, moved: Moved | undefined): readonly string[] {
  const version = moved && moved.move + moved.stay.length > 0 ? `: version ${moved.version}` : ''
  const notes = {
    add: '',
    change: version,
    withdraw: ': no longer served',
    forget: ': no longer in the file; it stays as it is',
  }
  const name = thing.name === '' ? thing.kind : thing.name
  const lines = [`${signs[verb]} ${name}${notes[verb]}`]
  for (const each of fields) lines.push(`    ${verb === 'add' ? newText(each) : changeText(each)}`)
  if (moved && version !== '') lines.push(`    ${movedText(moved)}`)
  return lines
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

function movedText({ move, stay }: Moved): string {
  const stays = stay.map(({ version, partners, why }) => {
    return `${partners} ${partners === 1 ? 'stays' : 'stay'} on version ${version} (${why})`
  })
  const moves = `${count(move, 'partner')} ${move === 1 ? 'moves' : 'move'}`
  return [moves, ...stays].join(', ')
}

function count(number: number, noun: string): string {
  return `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`
}

/** One line for each field that was changed by hand and is left alone. */
export function driftsOf({ done, hands }: Report): readonly string[] {
  return done.drifts.map(({ thing, field, file, running }) => {
    const path = pathOf(thing)
    const sides = `the file says ${show(file, field)}, what runs is ${show(running, field)}`
    return `${path}.${field}: ${sides} (${hands.get(path) ?? ''})`
  })
}

/** One line, with its place in the file, for each conflict and each refusal. */
export function refusalsOf(report: Report, locate: Locate): readonly string[] {
  return refusedOf(report, locate).map((lines) => lines.join('; '))
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
    `what runs is ${show(running, field)} (${hands.get(path) ?? ''})`,
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
  if (field === 'document') return String(value).slice(0, 12)
  if (value === true && field.includes('.')) return yes
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
