/** Every statement on access requests and what was written about them. */
import type { Form } from '#/access/requests/form.ts'
import type { RequestState } from '#/access/requests/states.ts'
import type { Tx } from '#/kernel/db/db.ts'

export type AccessRequest = {
  readonly id: string
  readonly partnerId: string
  readonly asksFor: {
    readonly kind: 'package' | 'capability'
    readonly id: string
    readonly name: string
    readonly title: string
  }
  readonly form: Form
  readonly state: RequestState
  readonly waitsForPartner: boolean
  readonly requestedBy: string
  readonly requestedAs: 'member' | 'application'
  readonly submittedBy: string | null
  readonly reviewer: string | null
  readonly dueAt: Date | null
  readonly createdAt: Date
  readonly submittedAt: Date | null
  readonly decidedAt: Date | null
  readonly decidedBy: string | null
  /** Why it was declined. */
  readonly reason: string | null
}

export type MessageKind = 'question' | 'answer' | 'note'

export type Message = {
  readonly kind: MessageKind
  readonly text: string
  /** A person of the provider; of an answer a member, or an application. */
  readonly writtenBy: string
  readonly writtenAt: Date
}

const columns = `
  request.id, request.partner_id as "partnerId", request.form, request.state,
  json_build_object(
    'kind', case when request.package_id is null then 'capability' else 'package' end,
    'id', coalesce(request.package_id, request.capability_id), 'name', coalesce(package.name, capability.name),
    'title', coalesce(package.title, capability.title)
  ) as "asksFor",
  request.waits_for_partner as "waitsForPartner", request.requested_by as "requestedBy",
  request.requested_as as "requestedAs", request.submitted_by as "submittedBy", request.reviewer,
  request.due_at as "dueAt", request.created_at as "createdAt", request.submitted_at as "submittedAt",
  request.decided_at as "decidedAt", request.decided_by as "decidedBy", request.reason`

const tables = `
  access_request as request left join access_package as package on package.id = request.package_id
  left join access_capability as capability on capability.id = request.capability_id`

export const statements = {
  // No row when the same partner has an open one for the same thing.
  insertRequest: `
    insert into access_request
      (partner_id, id, package_id, capability_id, form, requested_by, requested_as, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id`,
  selectRequest: `
    select ${columns} from ${tables} where request.partner_id = $1 /* owner */ and request.id = $2`,
  // Held until the end of the transaction: of two who decide at once, the second sees what the first decided.
  lockRequest: `
    select ${columns} from ${tables} where request.partner_id = $1 /* owner */ and request.id = $2
    for update of request`,
  // Another due date may be missed once more.
  updateRequest: `
    update access_request set form = $3, state = $4, waits_for_partner = $5, submitted_by = $6, reviewer = $7,
      overdue_told_at = case when due_at is distinct from $8::timestamptz then null else overdue_told_at end,
      due_at = $8, submitted_at = $9, decided_at = $10, decided_by = $11, reason = $12
    where partner_id = $1 /* owner */ and id = $2`,
  // Capabilities that the partner may not know of now are not in $2.
  listOwn: `
    select ${columns} from ${tables}
    where request.partner_id = $1 /* owner */
      and (request.capability_id is null or request.capability_id = any ($2::uuid[]))
      and ($3::text is null or request.state = $3) and ($4::uuid is null or request.id < $4)
    order by request.id desc limit $5`,
  // A draft is its partner's own, also when it was withdrawn as one.
  selectPartnerOf: `
    select partner_id as "partnerId" from access_request where id = $1 and submitted_at is not null`,
  listSubmitted: `
    select ${columns} from ${tables}
    where request.submitted_at is not null and ($1::text is null or request.state = $1)
      and ($2::uuid is null or request.partner_id = $2)
      and ($3::boolean is null
        or request.state in ('submitted', 'in-review') and request.waits_for_partner = $3)
      and ($4::boolean is null
        or (request.state in ('submitted', 'in-review') and coalesce(request.due_at <= $5, false)) = $4)
      and ($6::uuid is null or request.id < $6)
    order by request.id desc limit $7`,
  // One that is being decided at this moment is left for the next run.
  tellOverdue: `
    update access_request set overdue_told_at = $1
    where id in (
      select id from access_request
      where state in ('submitted', 'in-review') and overdue_told_at is null and due_at <= $1
      order by due_at limit $2 for update skip locked
    ) returning id`,
  insertMessage: `
    insert into access_request_message (partner_id, id, request_id, kind, text, written_by, written_at)
    values ($1, $2, $3, $4, $5, $6, $7)`,
  listMessages: `
    select kind, text, written_by as "writtenBy", written_at as "writtenAt" from access_request_message
    where partner_id = $1 /* owner */ and request_id = $2 and kind = any ($3::text[]) order by id`,
} as const

export type NewRequest = Pick<AccessRequest, 'id' | 'form' | 'requestedBy' | 'requestedAs'> & {
  readonly asksFor: Pick<AccessRequest['asksFor'], 'kind' | 'id'>
}

/** False when the partner has an open one for the same thing. */
export async function insertRequest(tx: Tx, partnerId: string, request: NewRequest): Promise<boolean> {
  const { id, asksFor, form, requestedBy, requestedAs } = request
  const things = asksFor.kind === 'package' ? [asksFor.id, null] : [null, asksFor.id]
  const values = [partnerId, id, ...things, form, requestedBy, requestedAs, tx.now]
  return (await tx.rows(statements.insertRequest, values)).length > 0
}

export async function selectRequest(tx: Tx, partnerId: string, id: string) {
  return (await tx.rows<AccessRequest>(statements.selectRequest, [partnerId, id]))[0]
}

export async function lockRequest(tx: Tx, partnerId: string, id: string) {
  return (await tx.rows<AccessRequest>(statements.lockRequest, [partnerId, id]))[0]
}

/** Writes what can change of one that the caller has locked. */
export async function updateRequest(tx: Tx, partnerId: string, request: AccessRequest): Promise<void> {
  const { id, form, state, waitsForPartner, submittedBy, reviewer } = request
  const { dueAt, submittedAt, decidedAt, decidedBy, reason } = request
  const people = [submittedBy, reviewer]
  const end = [decidedAt, decidedBy, reason]
  const values = [partnerId, id, form, state, waitsForPartner, ...people, dueAt, submittedAt, ...end]
  await tx.rows(statements.updateRequest, values)
}

export type PageOfRequests = { readonly after?: string; readonly limit: number }

/** Newest first; `capabilityIds`: those the partner may know of. */
export async function listOwn(
  tx: Tx,
  partnerId: string,
  filter: { readonly capabilityIds: readonly string[]; readonly state: RequestState | null },
  page: PageOfRequests,
) {
  const values = [partnerId, filter.capabilityIds, filter.state, page.after ?? null, page.limit]
  return tx.rows<AccessRequest>(statements.listOwn, values)
}

/** Whose it is, for the provider; undefined: not submitted, or nobody's. */
export async function selectPartnerOf(tx: Tx, id: string) {
  return (await tx.rows<{ partnerId: string }>(statements.selectPartnerOf, [id]))[0]?.partnerId
}

export type RequestFilter = {
  readonly state?: RequestState | undefined
  readonly partnerId?: string | undefined
  /** Whose turn it is with an open one. */
  readonly waiting?: 'partner' | 'provider' | undefined
  readonly overdue?: boolean | undefined
}

/** Newest first, without drafts. */
export async function listSubmitted(tx: Tx, filter: RequestFilter, page: PageOfRequests) {
  const { state = null, partnerId = null, waiting, overdue = null } = filter
  const waits = waiting === undefined ? null : waiting === 'partner'
  const values = [state, partnerId, waits, overdue, tx.now, page.after ?? null, page.limit]
  return tx.rows<AccessRequest>(statements.listSubmitted, values)
}

/** Marks those that were not decided in time, at most `limit` of them, each once for a due date. */
export async function tellOverdue(tx: Tx, limit: number) {
  return tx.rows<{ id: string }>(statements.tellOverdue, [tx.now, limit])
}

export async function insertMessage(
  tx: Tx,
  partnerId: string,
  message: Omit<Message, 'writtenAt'> & { readonly id: string; readonly requestId: string },
): Promise<void> {
  const { id, requestId, kind, text, writtenBy } = message
  await tx.rows(statements.insertMessage, [partnerId, id, requestId, kind, text, writtenBy, tx.now])
}

/** In the order they were written. */
export async function listMessages(
  tx: Tx,
  partnerId: string,
  requestId: string,
  kinds: readonly MessageKind[],
) {
  return tx.rows<Message>(statements.listMessages, [partnerId, requestId, kinds])
}
