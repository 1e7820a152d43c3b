/** Every statement on agreements, their versions, and what happened to them. Events are only added (access/history). */
import type { AgreementTerms } from '#/access/agreements/terms.ts'
import { forGood, wordLines } from '#/access/history/history.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { inMilliseconds, lines, ofPartners, readLines } from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'

type Reader = Pick<Tx, 'rows'>

export type AgreementState = 'draft' | 'sent' | 'signed' | 'ended' | 'withdrawn'

/** A version, as its line has it. Times in milliseconds, business time. */
export type VersionFields = readonly [
  id: string,
  agreementId: string,
  number: number,
  startsAt: number,
  endsAt: number | null,
  terms: AgreementTerms,
]

/** The paper itself. */
export type AgreementRow = { readonly id: string; readonly reference: string; readonly createdAt: Date }

/** Of a version that is signed. */
export type SignatureRow = {
  readonly id: string
  readonly versionId: string
  readonly signatory: Buffer
  readonly signedAt: Date
}

export type Due = {
  readonly versionId: string
  readonly kind: 'active' | 'expiring' | 'ended'
  /** Business time, milliseconds. */
  readonly at: number
}

export type DueRow = {
  readonly partnerId: string
  readonly agreementId: string
  readonly number: number
  readonly kind: Due['kind']
  readonly dueAt: Date
}

/** What the name of who signed is sealed for. */
export function signatoryContext(signatureId: string): string {
  return `access_agreement_signature.signatory ${signatureId}`
}

export const statements = {
  readVersions: `
    select ${lines('partner_id', 'id', 'agreement_id', 'number', inMilliseconds('starts_at'), inMilliseconds('ends_at'), 'terms')}
    from access_agreement_version where ${ofPartners} and ($4::timestamptz is null or created_at <= $4)`,
  readEvents: `
    select ${wordLines('version_id, state', forGood)} from access_agreement_event
    where ${ofPartners} and ($4::timestamptz is null or recorded_at <= $4)`,
  lockAgreements: `select pg_advisory_xact_lock(hashtextextended('access_agreement ' || $1::text, 0))`,
  insertAgreement: `
    insert into access_agreement (id, partner_id, reference) values ($2, $1, $3)
    on conflict (partner_id, reference) do nothing returning id`,
  listAgreements: `
    select id, reference, created_at as "createdAt" from access_agreement
    where partner_id = $1 /* owner */ and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
      and (not $4::boolean or exists (
        select from access_agreement_version as version
        join access_agreement_event as event on event.version_id = version.id and event.state = 'sent'
        where version.partner_id = $1 /* owner */ and version.agreement_id = access_agreement.id
      ))
    order by id limit $5`,
  insertVersion: `
    insert into access_agreement_version (id, partner_id, agreement_id, number, starts_at, ends_at, terms)
    values ($2, $1, $3, $4, $5, $6, $7)`,
  updateDraft: `
    update access_agreement_version set starts_at = $3, ends_at = $4, terms = $5
    where partner_id = $1 /* owner */ and id = $2`,
  insertEvent: `
    insert into access_agreement_event (id, partner_id, version_id, state, signature_id, valid_from)
    values ($2, $1, $3, $4, $5, $6)`,
  insertSignature: `
    insert into access_agreement_signature (id, partner_id, version_id, signatory, signed_at)
    values ($2, $1, $3, $4, $5)`,
  selectSigned: `
    select version.agreement_id as "agreementId", version.number::int
    from access_agreement_signature as signature
    join access_agreement_version as version on version.id = signature.version_id
    where signature.partner_id = $1 /* owner */ and signature.id = $2`,
  // Those that count, and not the ones that wait for a second person.
  listSignatures: `
    select signature.id, signature.version_id as "versionId", signature.signatory, signature.signed_at as "signedAt"
    from access_agreement_event as event
    join access_agreement_signature as signature on signature.id = event.signature_id
    where event.partner_id = $1 /* owner */`,
  forgetDue: `
    delete from access_agreement_due
    where partner_id = $1 /* owner */ and done_at is null and version_id in (
      select id from access_agreement_version where partner_id = $1 /* owner */ and agreement_id = $2
    )`,
  insertDue: `
    insert into access_agreement_due (partner_id, version_id, kind, due_at)
    values ($1, $2, $3, to_timestamp($4::float8 / 1000)) on conflict do nothing`,
  // Waits for whoever takes at this moment, so that several nodes tell in order.
  takeDue: `
    update access_agreement_due as due set done_at = $1
    from access_agreement_version as version
    where version.id = due.version_id and (due.version_id, due.kind) in (
      select version_id, kind from access_agreement_due where done_at is null and due_at <= $1
      order by due_at, array_position(array['active', 'expiring', 'ended'], kind) limit $2 for update
    )
    returning due.partner_id as "partnerId", version.agreement_id as "agreementId", version.number::int, due.kind,
              due.due_at as "dueAt"`,
} as const

export async function readVersions(reader: Reader, partners: Partners, knownAt: Date | null) {
  return readLines(reader, statements.readVersions, partners, knownAt)
}

export async function readEvents(reader: Reader, partners: Partners, knownAt: Date | null) {
  return readLines(reader, statements.readEvents, partners, knownAt)
}

export async function lockAgreements(tx: Tx, partnerId: string): Promise<void> {
  await tx.rows(statements.lockAgreements, [partnerId])
}

/** False when the partner has one of this reference. */
export async function insertAgreement(
  tx: Tx,
  partnerId: string,
  id: string,
  reference: string,
): Promise<boolean> {
  return (await tx.rows(statements.insertAgreement, [partnerId, id, reference])).length > 0
}

/** `sent`: only those of which something was sent. */
export async function listAgreements(
  tx: Tx,
  partnerId: string,
  sent: boolean,
  page: { readonly after?: string; readonly limit: number },
) {
  const values = [partnerId, null, page.after ?? null, sent, page.limit]
  return tx.rows<AgreementRow>(statements.listAgreements, values)
}

export async function selectAgreement(tx: Tx, partnerId: string, id: string) {
  return (await tx.rows<AgreementRow>(statements.listAgreements, [partnerId, id, null, false, 1]))[0]
}

type Written = { readonly startsAt: Date; readonly endsAt: Date | null; readonly terms: AgreementTerms }

export async function insertVersion(
  tx: Tx,
  partnerId: string,
  version: Written & { readonly id: string; readonly agreementId: string; readonly number: number },
): Promise<void> {
  const { id, agreementId, number, startsAt, endsAt, terms } = version
  await tx.rows(statements.insertVersion, [partnerId, id, agreementId, number, startsAt, endsAt, terms])
}

export async function updateDraft(tx: Tx, partnerId: string, id: string, draft: Written): Promise<void> {
  await tx.rows(statements.updateDraft, [partnerId, id, draft.startsAt, draft.endsAt, draft.terms])
}

export async function insertEvent(
  tx: Tx,
  partnerId: string,
  event: {
    readonly id: string
    readonly versionId: string
    readonly state: AgreementState
    readonly from: Date
    readonly signatureId: string | null
  },
): Promise<void> {
  const { id, versionId, state, signatureId, from } = event
  await tx.rows(statements.insertEvent, [partnerId, id, versionId, state, signatureId, from])
}

export async function insertSignature(tx: Tx, partnerId: string, signature: SignatureRow): Promise<void> {
  const { id, versionId, signatory, signedAt } = signature
  await tx.rows(statements.insertSignature, [partnerId, id, versionId, signatory, signedAt])
}

/** Which version the signature is on. */
export async function selectSigned(tx: Tx, partnerId: string, signatureId: string) {
  type Row = { agreementId: string; number: number }
  return (await tx.rows<Row>(statements.selectSigned, [partnerId, signatureId]))[0]
}

export async function listSignatures(tx: Tx, partnerId: string) {
  return tx.rows<SignatureRow>(statements.listSignatures, [partnerId])
}

export async function forgetDue(tx: Tx, partnerId: string, agreementId: string): Promise<void> {
  await tx.rows(statements.forgetDue, [partnerId, agreementId])
}

export async function insertDue(tx: Tx, partnerId: string, { versionId, kind, at }: Due): Promise<void> {
  await tx.rows(statements.insertDue, [partnerId, versionId, kind, at])
}

/** In no order. */
export async function takeDue(tx: Tx, limit: number) {
  return tx.rows<DueRow>(statements.takeDue, [tx.now, limit])
}
