/** What is told of agreements: what was done, and, from rows that are due in business time, what the time has done. */
import * as store from '#/access/agreements/store.ts'
import type { DueRow } from '#/access/agreements/store.ts'
import { duesOf, readAgreements } from '#/access/agreements/versions.ts'
import type { AgreementVersion } from '#/access/agreements/versions.ts'
import type { Tx } from '#/kernel/db/db.ts'

const verbs = {
  drafted: 'draft',
  changed: 'change',
  amended: 'amend',
  sent: 'send',
  signed: 'sign',
  withdrawn: 'withdraw',
} as const

type Told = Pick<AgreementVersion, 'id' | 'agreementId' | 'number'>

/** `heard`: by the partner, from the moment on at which the version is sent. What is only drafted is the provider's. */
export function announce(
  tx: Tx,
  happened: keyof typeof verbs,
  partnerId: string,
  { agreementId, number }: Told,
  { heard, ...changes }: { readonly heard: boolean } & Readonly<Record<string, unknown>>,
): void {
  const whose = heard ? partnerId : null
  const data = { partnerId, agreementId, version: number }
  tx.emit(`access.agreement_${happened}`, { partnerId: whose, data })
  const action = `agreements.${verbs[happened]}`
  const subject = { kind: 'agreement', id: agreementId }
  tx.audit({ action, subject, partnerId: whose, changes: { partnerId, version: number, ...changes } })
  if (happened === 'signed') tx.changed('partner', partnerId)
}

/** Brings what is due of one agreement in line with its versions as they are now. What was told is not told again. */
export async function schedule(tx: Tx, partnerId: string, agreementId: string): Promise<void> {
  const all = (await readAgreements(tx, [partnerId], null)).get(partnerId) ?? []
  const versions = all.filter((version) => version.agreementId === agreementId)
  await store.forgetDue(tx, partnerId, agreementId)
  for (const due of duesOf(versions)) await store.insertDue(tx, partnerId, due)
}

/** Tells what is due, in order. Returns how many were due. */
export async function announceDue(tx: Tx, limit: number): Promise<number> {
  const due = await store.takeDue(tx, limit)
  for (const one of due.toSorted(inOrder)) {
    const { partnerId, agreementId, number, kind } = one
    tx.emit(`access.agreement_${kind}`, { partnerId, data: { agreementId, version: number } })
    tx.changed('partner', partnerId)
  }
  return due.length
}

const kinds = ['active', 'expiring', 'ended']

function inOrder(a: DueRow, b: DueRow): number {
  return a.dueAt.getTime() - b.dueAt.getTime() || kinds.indexOf(a.kind) - kinds.indexOf(b.kind)
}
