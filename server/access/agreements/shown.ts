/** Agreements as they are shown, to operators whole and to partners as far as they know of them. */
import { Type } from 'typebox'
import { agreementNotFound, readAgreements, stateAt } from '#/access/agreements/agreements.ts'
import type { AgreementTerms, AgreementVersion } from '#/access/agreements/agreements.ts'
import * as store from '#/access/agreements/store.ts'
import type { AgreementRow, SignatureRow } from '#/access/agreements/store.ts'
import { AgreementTermsForm } from '#/access/agreements/terms.ts'
import { wasSent } from '#/access/agreements/versions.ts'
import { knownCapabilities } from '#/access/capabilities/capabilities.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { publicId } from '#/kernel/id/id.ts'

const time = Type.String({ format: 'date-time' })
const noTime = Type.Union([time, Type.Null()])

const VersionAnswer = Type.Object({
  number: Type.Integer(),
  state: Type.Union(
    [
      Type.Literal('draft'),
      Type.Literal('sent'),
      Type.Literal('signed'),
      Type.Literal('active'),
      Type.Literal('expiring'),
      Type.Literal('ended'),
      Type.Literal('withdrawn'),
    ],
    {
      description: '`signed`: its term is still to come. What follows from term and time is of this moment.',
    },
  ),
  startsAt: time,
  endsAt: Type.Union([time, Type.Null()], { description: 'Null: until it is ended.' }),
  terms: AgreementTermsForm,
  signedBy: Type.Union([Type.String(), Type.Null()]),
  signedAt: noTime,
})

export const AgreementAnswer = Type.Object({
  id: Type.String(),
  reference: Type.String(),
  createdAt: time,
  versions: Type.Array(VersionAnswer),
})

/** Partners know nothing of what was never sent to them, and nothing of capabilities that are hidden from them. */
type Side = 'operator' | 'partner'

/** For a page of agreements: what there is to know of their versions is read once. */
export async function createShow(tx: Tx, sealer: Sealer, partnerId: string, side: Side) {
  const versions = (await readAgreements(tx, [partnerId], null)).get(partnerId) ?? []
  const seen = side === 'operator' ? versions : await asPartner(tx, versions)
  const byAgreement = Map.groupBy(seen, (version) => version.agreementId)
  const signatures = new Map((await store.listSignatures(tx, partnerId)).map((row) => [row.versionId, row]))
  return ({ id, reference, createdAt }: AgreementRow) => ({
    id: publicId('agr', id),
    reference,
    createdAt: createdAt.toISOString(),
    versions: (byAgreement.get(id) ?? []).map((version) => {
      return showVersion(version, tx.now, sealer, signatures.get(version.id))
    }),
  })
}

/** As operators see it. Throws `agreementNotFound`. */
export async function showOne(tx: Tx, sealer: Sealer, partnerId: string, agreementId: string) {
  const row = await store.selectAgreement(tx, partnerId, agreementId)
  if (!row) throw agreementNotFound.with()
  return (await createShow(tx, sealer, partnerId, 'operator'))(row)
}

async function asPartner(tx: Tx, versions: readonly AgreementVersion[]): Promise<AgreementVersion[]> {
  const visible = new Set([...(await knownCapabilities(tx)).values()].map((each) => each.name))
  return versions
    .filter(wasSent)
    .map((version) => ({ ...version, terms: withoutHidden(version.terms, visible) }))
}

function withoutHidden(terms: AgreementTerms, visible: ReadonlySet<string>): AgreementTerms {
  const overrides = Object.entries(terms.overrides.capabilities ?? {}).filter(([name]) => visible.has(name))
  return {
    ...terms,
    capabilities: terms.capabilities.filter((name) => visible.has(name)),
    overrides: { ...terms.overrides, capabilities: Object.fromEntries(overrides) },
  }
}

function showVersion(
  version: AgreementVersion,
  now: Date,
  sealer: Sealer,
  signature: SignatureRow | undefined,
) {
  const { number, startsAt, endsAt, terms } = version
  const state = stateAt(version, now.getTime())
  if (state === 'none') throw new Error('a version of an agreement has no state')
  return {
    number,
    state,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: endsAt === null ? null : new Date(endsAt).toISOString(),
    terms: { ...terms, capabilities: [...terms.capabilities], consents: [...terms.consents] },
    signedBy: signature ? sealer.open(signature.signatory, store.signatoryContext(signature.id)) : null,
    signedAt: signature?.signedAt.toISOString() ?? null,
  }
}
