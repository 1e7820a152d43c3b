/**
 * Makes what runs what the file says, in one transaction: all of it or nothing, and nothing new when it is applied
 * again. Whatever a verb refuses is gathered, so that all of it is told at once.
 */
import { gatesOpen, noSuchTransition, secondPersonNeeded } from '#/access/capabilities/capabilities.ts'
import { gatesMissing } from '#/access/readiness/readiness.ts'
import { listPackageVersions } from '#/access/packages/packages.ts'
import type { NewContract } from '#/contracts/published/published.ts'
import { findPartnerBySlug } from '#/identity/partners/partners.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { compare } from '#/publish/declaration/compare.ts'
import type { Change, Compared, Takes } from '#/publish/declaration/compare.ts'
import type { Declaration } from '#/publish/declaration/file/read.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import { applyCapability } from '#/publish/declaration/kinds/capabilities.ts'
import { firstKeysOf } from '#/publish/declaration/kinds/first-keys.ts'
import type { AppliedPartner, FirstKeys } from '#/publish/declaration/kinds/first-keys.ts'
import { applyGate } from '#/publish/declaration/kinds/gates.ts'
import { applyPackage, newestNumbers } from '#/publish/declaration/kinds/packages.ts'
import { applyPartner, putOn, versionOf } from '#/publish/declaration/kinds/partners.ts'
import { applyRollouts } from '#/publish/declaration/kinds/rollouts.ts'
import type { Reach } from '#/publish/declaration/kinds/rollouts.ts'
import { applyContract, applyUpstream } from '#/publish/declaration/kinds/upstreams.ts'
import { hiddenOperations, keepSaid, refuseMoved } from '#/publish/declaration/moved.ts'
import { declaredOf, readSides, saidOf } from '#/publish/declaration/sides.ts'
import type { Read } from '#/publish/declaration/sides.ts'
import { keepDeclared, lockDeclaration } from '#/publish/declaration/store.ts'
import { kinds, ofKind, pathOf } from '#/publish/declaration/things.ts'
import type { Refusal } from '#/publish/declaration/things.ts'

export type Applied = { readonly provider: Written['provider']; readonly partners: readonly AppliedPartner[] }

/** A partner goes from one version of a package to another; `from` null: it was on none. */
export type Move = { readonly path: string; readonly from: string | null; readonly to: string }

export type Done = Compared & {
  readonly sides: Read
  readonly moves: readonly Move[]
  readonly reach: readonly Reach[]
  readonly refusals: readonly Refusal[]
  readonly partners: readonly AppliedPartner[]
}

export type ApplyOptions = {
  readonly firstKeys: FirstKeys
  readonly takes: Takes
  readonly sealer: Sealer
  /** Whether to count whom a rollout lets in and puts out. */
  readonly counts: boolean
}

/** Conflicts and refusals are told, not thrown: where there are any, the transaction is not to be committed. */
export async function applyDeclaration(
  tx: Tx,
  declaration: Declaration,
  options: ApplyOptions,
): Promise<Done> {
  const { written, contracts, operations } = declaration
  const { firstKeys, takes, sealer } = options
  await lockDeclaration(tx)
  const said = saidOf(written, contracts)
  const sides = await readSides(tx, said, sealer)
  const hidden = await hiddenOperations(tx)
  const compared = compare(sides, takes)
  const refusals: Refusal[] = strayTakes(sides, takes)
  const changes = compared.changes.toSorted((a, b) => order(a) - order(b))
  for (const change of changes) {
    await gather(refusals, pathOf(change.thing), () => applyChange(tx, change, contracts, sealer))
  }
  const newest = newestNumbers(await listPackageVersions(tx))
  const moves = movesOf(sides, compared, newest)
  for (const { path, to } of moves) await gather(refusals, `${path}.package`, () => move(tx, path, to))
  const reach: Reach[] = []
  for (const change of changes.filter(({ thing }) => thing.kind === 'capabilities')) {
    await gather(refusals, `${pathOf(change.thing)}.rollout`, async () => {
      reach.push(...(await applyRollouts(tx, change, options.counts)))
    })
  }
  refusals.push(...(await refuseMoved(tx, hidden, operations)))
  await keepSaid(tx, operations)
  await keepDeclared(tx, declaredOf(said, newest, sealer))
  if (changes.length + moves.length > 0) record(tx, changes, moves)
  const isDone = refusals.length === 0 && compared.conflicts.length === 0
  const partners = isDone ? await keysOf(tx, written, { firstKeys, makes: true }) : []
  return { ...compared, changes, sides, moves, reach, refusals, partners }
}

/** A path that nothing has is a slip, and would decide nothing. */
function strayTakes({ said, last, running }: Read, takes: Takes): Refusal[] {
  const known = new Set(['', ...running.keys(), ...said.keys()])
  for (const side of [said, last, running]) {
    for (const [path, { fields }] of side)
      for (const field of Object.keys(fields)) known.add(`${path}.${field}`)
  }
  const stray = [...takes.keys()].filter((path) => !known.has(path))
  return stray.map((path) => ({ path, message: 'is no thing and no field of one, so nothing can be taken' }))
}

function order({ thing }: Change): number {
  return kinds.indexOf(thing.kind)
}

async function applyChange(
  tx: Tx,
  change: Change,
  contracts: readonly NewContract[],
  sealer: Sealer,
): Promise<void> {
  if (change.verb === 'forget') return
  switch (change.thing.kind) {
    case 'provider':
      return
    case 'upstreams':
      return applyUpstream(tx, change)
    case 'contracts':
      return applyContract(tx, change, contracts)
    case 'gates':
      return applyGate(tx, change)
    case 'capabilities':
      return applyCapability(tx, change, sealer)
    case 'packages':
      return applyPackage(tx, change)
    case 'partners':
      return applyPartner(tx, change)
  }
}

async function gather(refusals: Refusal[], path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const field = places[error.definition.code]
    const at = field === undefined ? path : `${path}.${field}`
    refusals.push(...sentencesOf(error, path).map((message) => ({ path: at, message })))
  }
}

/** The field of a capability that a problem is about. */
const places: Readonly<Record<string, string>> = {
  [secondPersonNeeded.code]: 'exposure',
  [noSuchTransition.code]: 'exposure',
  [gatesOpen.code]: 'exposure',
  [gatesMissing.code]: 'gates',
}

function sentencesOf({ occurrence, definition }: Problem, path: string): readonly string[] {
  const { detail = definition.title, errors = [] } = occurrence
  if (definition.code === secondPersonNeeded.code) {
    const [, name] = path.split('.')
    return [`${detail} Propose it: POST /v1/capabilities/${name}/exposure; then apply again.`]
  }
  if (errors.length === 0) return [detail]
  return errors.map((error) => `${'pointer' in error ? `${error.pointer} ` : ''}${error.detail}`)
}

/** Whoever the file names is put on the version that its word means now, unless that was decided otherwise by hand. */
function movesOf(sides: Read, { drifts, conflicts }: Compared, newest: ReadonlyMap<string, number>) {
  const kept = new Set(
    [...drifts, ...conflicts].filter(({ field }) => field === 'package').map(({ thing }) => pathOf(thing)),
  )
  return ofKind(sides.said, 'partners').flatMap((thing): Move[] => {
    const path = pathOf(thing)
    const from = sides.partners.get(path)?.on ?? null
    const to = versionOf(String(thing.fields.package), newest)
    return from === to || kept.has(path) ? [] : [{ path, from, to }]
  })
}

async function move(tx: Tx, path: string, to: string): Promise<void> {
  const partner = await findPartnerBySlug(tx, path.replace('partners.', ''))
  // One that was refused to be made is told of already.
  if (partner) await putOn(tx, partner.id, to)
}

function record(tx: Tx, changes: readonly Change[], moves: readonly Move[]): void {
  const count = (verb: Change['verb']) => changes.filter((change) => change.verb === verb).length
  const changed = { added: count('add'), changed: count('change'), moved: moves.length }
  tx.audit({
    action: 'declaration.apply',
    changes: { ...changed, withdrawn: count('withdraw'), forgotten: count('forget') },
  })
}

/** Of every partner that the file names and that there is. */
export async function keysOf(
  tx: Tx,
  { partners = {} }: Written,
  options: { readonly firstKeys: FirstKeys; readonly makes: boolean },
): Promise<readonly AppliedPartner[]> {
  const found: AppliedPartner[] = []
  for (const [slug, written] of Object.entries(partners)) {
    const partner = await findPartnerBySlug(tx, slug)
    if (partner) found.push(await firstKeysOf(tx, partner, written, options))
  }
  return found
}
