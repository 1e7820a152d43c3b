/** What there is to tell of an applied file beside the changes themselves: whom it concerns, and who changed what by hand. */
import { listPackageVersions, packageVersions } from '#/access/packages/packages.ts'
import { lastAudit, showAuditId } from '#/governance/audit/audit.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Done } from '#/publish/declaration/apply.ts'
import type { Reach } from '#/publish/declaration/kinds/rollouts.ts'
import { pathOf } from '#/publish/declaration/things.ts'
import type { Thing } from '#/publish/declaration/things.ts'

/** Who applies files, in the audit. */
export const applier = { kind: 'system', name: 'declaration' } as const

export type Report = {
  readonly done: Done
  /** Of each package that got a new version or that partners move within: its newest. */
  readonly versions: ReadonlyMap<string, number>
  /** By path of the thing: whom it concerns, in numbers. */
  readonly notes: ReadonlyMap<string, readonly string[]>
  /** By path of the field: `operator per_… at …, packages.declare`. */
  readonly hands: ReadonlyMap<string, string>
}

/** In the transaction in which it was applied, and after it. */
export async function reportOn(tx: Tx, done: Done): Promise<Report> {
  const versions = new Map<string, number>()
  const notes = new Map<string, readonly string[]>()
  for (const name of packagesToTell(done)) {
    const { version, note } = await movedOf(tx, name, done)
    versions.set(name, version)
    notes.set(`packages.${name}`, [note])
  }
  for (const { thing, verb, fields } of done.changes) {
    if (thing.kind !== 'capabilities' || verb !== 'change') continue
    const path = pathOf(thing)
    const told = done.reach.filter((each) => each.path === path).map(reachText)
    if (fields.some(({ field }) => field === 'exposure')) told.unshift(await entitledText(tx, thing.name))
    notes.set(path, told)
  }
  const hands = new Map<string, string>()
  for (const { thing, field } of [...done.drifts, ...done.conflicts]) {
    hands.set(`${pathOf(thing)}.${field}`, await handOf(tx, thing, field))
  }
  return { done, versions, notes, hands }
}

function reachText({ field, gain, lose }: Reach): string {
  return `${field}: ${partners(gain)} let in, ${partners(lose)} put out`
}

/** How many could call it now, as far as packages go. */
async function entitledText(tx: Tx, capability: string): Promise<string> {
  const entitling = (await listPackageVersions(tx)).filter(({ terms }) => capability in terms.entitlements)
  let count = 0
  for (const name of new Set(entitling.map((version) => version.name))) {
    const used = await packageVersions(tx, name)
    for (const { terms, partners: on } of used) if (capability in terms.entitlements) count += on
  }
  return `${partners(count)} ${count === 1 ? 'has' : 'have'} it in ${count === 1 ? 'its' : 'their'} package`
}

function partners(count: number): string {
  return `${count === 0 ? 'no' : count} partner${count === 1 ? '' : 's'}`
}

/** Not those whose terms are the same, and nobody moves. */
function packagesToTell({ changes, moves }: Done): ReadonlySet<string> {
  const changed = changes.filter(
    ({ thing, verb, fields }) =>
      thing.kind === 'packages' && verb === 'change' && fields.some(({ field }) => field !== 'title'),
  )
  // Of who comes from another package the change of its own line tells.
  const within = moves.filter(({ from, to }) => from !== null && nameOf(from) === nameOf(to))
  return new Set([...changed.map(({ thing }) => thing.name), ...within.map(({ to }) => nameOf(to))])
}

function nameOf(label: string): string {
  return label.slice(0, label.lastIndexOf('@'))
}

async function movedOf(tx: Tx, name: string, done: Done) {
  const [newest, ...older] = await packageVersions(tx, name)
  const version = newest?.number ?? 0
  const label = `${name}@${version}`
  const move = done.moves.filter(({ from, to }) => to === label && from?.startsWith(`${name}@`)).length
  const stay = older
    .filter(({ partners: on }) => on > 0)
    .map(({ number, partners: on }) => {
      const why = whyOf(`${name}@${number}`, on, done)
      return `${on} ${on === 1 ? 'stays' : 'stay'} on version ${number} (${why})`
    })
  return { version, note: [`${partners(move)} ${move === 1 ? 'moves' : 'move'}`, ...stay].join(', ') }
}

/** Why partners stay on an older version: somebody put them there, the file pins them, or it does not name them. */
function whyOf(label: string, all: number, { drifts, conflicts, sides }: Done): string {
  const byHand = [...drifts, ...conflicts].filter(
    ({ thing, field }) => field === 'package' && sides.partners.get(pathOf(thing))?.on === label,
  ).length
  const pinned = [...sides.said.values()].filter(
    ({ kind, fields }) => kind === 'partners' && fields.package === label,
  ).length
  const reasons = [
    [byHand, 'by hand'],
    [pinned, 'pinned'],
    [all - byHand - pinned, 'not named in the file'],
  ] as const
  const found = reasons.filter(([count]) => count > 0)
  if (found.length === 1) return found[0]![1]
  return found.map(([count, reason]) => `${count} ${reason}`).join(', ')
}

/** Ids only: names are for those who may read them. */
async function handOf(tx: Tx, { kind, subject }: Thing, field: string): Promise<string> {
  const action = actions[`${kind}.${field.split('.')[0]}`]
  const line = subject ? await lastAudit(tx, subject, { but: applier.name, action }) : null
  if (!line) return 'by somebody unknown'
  const who = `${line.actor.kind} ${showAuditId(line.actor.kind, line.actor.id)}`
  return `${who} at ${line.at.toISOString()}, ${line.action}`
}

/** What somebody does who changes the field; of others anything that was done to the thing. */
const actions: Readonly<Record<string, string>> = {
  'capabilities.title': 'capabilities.describe',
  'capabilities.description': 'capabilities.describe',
  'capabilities.successor': 'capabilities.describe',
  'capabilities.exposure': 'capabilities.expose',
  'capabilities.gates': 'capabilities.need_gates',
  'capabilities.rollout': 'rollouts',
  'partners.name': 'partners.rename',
  'partners.package': 'packages.assign',
  'partners.attributes': 'partners.set_attributes',
}
