/** Partners: the organisations in the programme. They own applications, and later wallets and invoices. */
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { parseLines } from '#/kernel/lines/lines.ts'
import type { Lines, Partners } from '#/kernel/lines/lines.ts'
import { problem } from '#/kernel/problem/problem.ts'
import * as store from '#/identity/partners/store.ts'
import type { Partner } from '#/identity/partners/store.ts'

export type { Partner } from '#/identity/partners/store.ts'

export const partnerNotFound = problem('partners.not_found', 404, 'There is no such partner', {
  help: 'No partner has this id or short name. Check it against the list of partners.',
})
export const slugTaken = problem('partners.slug_taken', 409, 'The short name is taken', {
  help: 'Another partner has this short name. Choose a different one; it cannot be changed later.',
})

/** Throws `slugTaken`. */
export async function createPartner(tx: Tx, partner: { slug: string; name: string }): Promise<Partner> {
  const created = await store.insertPartner(tx, newId(), partner.slug, partner.name)
  if (!created) throw slugTaken.with({ detail: `Another partner is called ${partner.slug}.` })
  await recordStanding(tx, created.id, { applicationId: null, state: 'active', reason: null })
  announce(tx, 'created', created.id)
  return created
}

/** In the order they were created. */
export async function listPartners(
  tx: Tx,
  filter: { readonly state?: Partner['state'] | undefined },
  page: { readonly after?: string; readonly limit: number },
): Promise<Partner[]> {
  return store.listPartners(tx, filter.state ?? null, page.after ?? null, page.limit)
}

export async function findPartner(tx: Tx, partnerId: string): Promise<Partner | null> {
  return (await store.selectPartner(tx, partnerId)) ?? null
}

export async function findPartnerBySlug(tx: Tx, slug: string): Promise<Partner | null> {
  return (await store.selectPartnerBySlug(tx, slug)) ?? null
}

/** Changes nothing, and announces nothing, when the name is the same. */
export async function renamePartner(tx: Tx, partnerId: string, name: string): Promise<void> {
  if (await store.renamePartner(tx, partnerId, name)) announce(tx, 'renamed', partnerId)
}

/** From the next second on every call of the partner is refused; its keys stay valid for the day it is resumed. */
export async function suspendPartner(tx: Tx, partnerId: string, reason: string): Promise<void> {
  await setState(tx, partnerId, 'suspended', reason)
}

export async function resumePartner(tx: Tx, partnerId: string, reason: string): Promise<void> {
  await setState(tx, partnerId, 'active', reason)
}

async function setState(tx: Tx, partnerId: string, state: Partner['state'], reason: string): Promise<void> {
  if (await store.setPartnerState(tx, partnerId, state)) {
    await recordStanding(tx, partnerId, { applicationId: null, state, reason })
    announce(tx, state === 'active' ? 'resumed' : 'suspended', partnerId, reason)
  } else if (!(await store.selectPartner(tx, partnerId))) throw partnerNotFound.with()
}

/** Since when a partner, or one of its applications, may call or not. For explaining what was decided in the past. */
export async function recordStanding(
  tx: Tx,
  partnerId: string,
  standing: Pick<store.Standing, 'applicationId' | 'state' | 'reason'>,
): Promise<void> {
  await store.insertStanding(tx, partnerId, { id: newId(), from: tx.now, ...standing })
}

/** One word on a standing: milliseconds, from when it is true and when it was said. */
export type StandingWord = {
  /** Null: the organisation as a whole. */
  readonly applicationId: string | null
  readonly value: store.Partner['state']
  readonly from: number
  readonly until: null
  readonly saidAt: number
}

/** What was said of partners and their applications: lines for `standingWords`. `knownAt` null: as known now. */
export async function readStandings(
  reader: Pick<Tx, 'rows'>,
  partners: Partners,
  knownAt: Date | null,
): Promise<Lines> {
  return store.readStandings(reader, partners, knownAt)
}

/** In no order. */
export function standingWords(lines: string): readonly StandingWord[] {
  const words = parseLines(lines) as readonly store.StandingFields[]
  return words.map(([applicationId, value, from, saidAt]) => {
    return { applicationId, value, from, until: null, saidAt }
  })
}

const verbs = { created: 'create', renamed: 'rename', suspended: 'suspend', resumed: 'resume' } as const

function announce(
  tx: Tx,
  happened: keyof typeof verbs,
  partnerId: string,
  reason: string | null = null,
): void {
  tx.emit(`identity.partner_${happened}`, { partnerId, data: reason === null ? {} : { reason } })
  const subject = { kind: 'partner', id: partnerId }
  tx.audit({ action: `partners.${verbs[happened]}`, subject, partnerId, reason })
  tx.changed('partner', partnerId)
}
