/**
 * The demo's access that stands in no file, because people's signatures are in it: a pilot with those admitted to it,
 * and an agreement. What is there already stays as it is, also when it is over.
 */
import {
  agreementOverlap,
  agreementReference,
  draftAgreement,
  listAgreements,
  recordSignature,
  sendAgreement,
  signVersion,
} from '#/access/agreements/agreements.ts'
import type { AgreementTerms } from '#/access/agreements/agreements.ts'
import { findCapability } from '#/access/capabilities/capabilities.ts'
import { admit, listPilots, openPilot, pilotRunning } from '#/access/pilots/pilots.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Database, Tx } from '#/kernel/db/db.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import type { Applied } from '#/publish/declaration/declaration.ts'

const seeds: Actor = { kind: 'system', name: 'demo' }

const day = 86_400_000

const pilot = { capability: 'proposals', admitted: ['helio-works', 'northwind'], capacity: 3, days: 180 }

/** No more than one person may grant alone. */
const terms: AgreementTerms = {
  noticeDays: 90,
  capabilities: [],
  overrides: {
    limits: { burst: 400, perSecond: 200 },
    capabilities: {
      'raw-data': { limits: { burst: 10, perSecond: 2 }, quota: { amount: 5000, period: 'day' } },
    },
  },
  sla: '99.95',
  consents: [
    { purpose: 'benchmarking', granted: true },
    { purpose: 'model-training', granted: false },
  ],
}

const agreement = { partner: 'northwind', reference: 'SOL-2026-01', signedBy: 'Ines Falk', days: 730, terms }

/** To be called before the gateway reads what there is. */
export async function seedAccess(database: Database, sealer: Sealer, { partners }: Applied): Promise<void> {
  const ids = new Map(partners.map(({ slug, id }) => [slug, id]))
  const admitted = pilot.admitted.flatMap((slug) => ids.get(slug) ?? [])
  const signing = ids.get(agreement.partner)
  await once(database, (tx) => seedPilot(tx, admitted))
  if (signing) await once(database, (tx) => seedAgreement(tx, sealer, signing))
}

async function seedPilot(tx: Tx, partnerIds: readonly string[]): Promise<void> {
  const { capability, capacity, days } = pilot
  const known = await listPilots(tx, false, { limit: 1000 })
  if (known.some((each) => each.capability === capability)) return
  if ((await findCapability(tx, capability)).exposure !== 'pilot') return
  const endsAt = new Date(tx.now.getTime() + days * day)
  const { id } = await openPilot(tx, { capability, capacity, endsAt })
  await admit(tx, id, partnerIds)
}

async function seedAgreement(tx: Tx, sealer: Sealer, partnerId: string): Promise<void> {
  if ((await listAgreements(tx, partnerId, { sent: false }, { limit: 1 })).length > 0) return
  const { reference, signedBy, days } = agreement
  const term = { startsAt: tx.now, endsAt: new Date(tx.now.getTime() + days * day) }
  const name = await draftAgreement(tx, partnerId, { reference, ...term, terms })
  await sendAgreement(tx, partnerId, name)
  const signature = { by: signedBy, at: tx.now }
  const { signatureId, needsTwo } = await recordSignature(tx, sealer, partnerId, name, signature)
  // Somebody gave the package less in the meantime: then it is for two people to put the agreement in force.
  if (!needsTwo) await signVersion(tx, partnerId, signatureId)
}

const beaten = new Set([pilotRunning, agreementOverlap, agreementReference].map(({ code }) => code))

/** Another process that starts on the same database may have been faster. */
async function once(database: Database, seed: (tx: Tx) => Promise<void>): Promise<void> {
  try {
    await transact(database.control, seeds, seed)
  } catch (error) {
    if (!(error instanceof Problem && beaten.has(error.definition.code))) throw error
  }
}
