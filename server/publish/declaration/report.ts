/** What there is to tell of an applied file beside the changes themselves: whom it concerns, and who changed what by hand. */
import { packageVersions } from '#/access/packages/packages.ts'
import { lastAudit, showAuditId } from '#/governance/audit/audit.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Done } from '#/publish/declaration/apply.ts'
import { pathOf } from '#/publish/declaration/things.ts'
import type { Thing } from '#/publish/declaration/things.ts'

/** Who applies files, in the audit. */
export const applier = { kind: 'system', name: 'declaration' } as const

/** A package that partners move to, or that got a new version. Numbers of partners. */
export type Moved = {
  readonly name: string
  /** The newest version. */
  readonly version: number
  readonly move: number
  readonly stay: readonly { readonly version: number; readonly partners: number; readonly why: string }[]
}

export type Report = {
  readonly done: Done
  /** By name of the package. */
  readonly moved: ReadonlyMap<string, Moved>
  /** By path of the thing: `operator per_… at …, packages.declare`. */
  readonly hands: ReadonlyMap<string, string>
}

/** In the transaction in which it was applied, and after it. */
export async function reportOn(tx: Tx, done: Done): Promise<Report> {
  const moved = new Map<string, Moved>()
  for (const name of packagesToTell(done)) moved.set(name, await movedOf(tx, name, done))
  const hands = new Map<string, string>()
  for (const { thing } of [...done.drifts, ...done.conflicts]) {
    const path = pathOf(thing)
    if (!hands.has(path)) hands.set(path, await handOf(tx, thing))
  }
  return { done, moved, hands }
}

function packagesToTell({ changes, moves }: Done): ReadonlySet<string> {
  const changed = changes.filter(({ thing, verb }) => thing.kind === 'packages' && verb === 'change')
  // Of who comes from another package the change of its own line tells.
  const within = moves.filter(({ from, to }) => from !== null && nameOf(from) === nameOf(to))
  return new Set([...changed.map(({ thing }) => thing.name), ...within.map(({ to }) => nameOf(to))])
}

function nameOf(label: string): string {
  return label.slice(0, label.lastIndexOf('@'))
}

async function movedOf(tx: Tx, name: string, done: Done): Promise<Moved> {
  const [newest, ...older] = await packageVersions(tx, name)
  const version = newest?.number ?? 0
  const label = `${name}@${version}`
  const move = done.moves.filter(({ from, to }) => to === label && from?.startsWith(`${name}@`)).length
  const stay = older
    .filter(({ partners }) => partners > 0)
    .map(({ number, partners }) => ({
      version: number,
      partners,
      why: whyOf(`${name}@${number}`, partners, done),
    }))
  return { name, version, move, stay }
}

/** Why partners stay on an older version: somebody put them there, the file pins them, or it does not name them. */
function whyOf(label: string, partners: number, { drifts, conflicts, sides }: Done): string {
  const byHand = [...drifts, ...conflicts].filter(
    ({ thing, field }) => field === 'package' && sides.partners.get(pathOf(thing))?.on === label,
  ).length
  const pinned = [...sides.said.values()].filter(
    ({ kind, fields }) => kind === 'partners' && fields.package === label,
  ).length
  const reasons = [
    [byHand, 'by hand'],
    [pinned, 'pinned'],
    [partners - byHand - pinned, 'not named in the file'],
  ] as const
  const found = reasons.filter(([count]) => count > 0)
  if (found.length === 1) return found[0]![1]
  return found.map(([count, reason]) => `${count} ${reason}`).join(', ')
}

/** Ids only: names are for those who may read them. */
async function handOf(tx: Tx, { subject }: Thing): Promise<string> {
  const line = subject ? await lastAudit(tx, subject, applier.name) : null
  if (!line) return 'by somebody unknown'
  const who = `${line.actor.kind} ${showAuditId(line.actor.kind, line.actor.id)}`
  return `${who} at ${line.at.toISOString()}, ${line.action}`
}
