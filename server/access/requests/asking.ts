/** The partner's side of a request: made as a draft, edited, submitted, answered about, withdrawn. */
import { knownCapabilities } from '#/access/capabilities/capabilities.ts'
import type { Capability } from '#/access/capabilities/capabilities.ts'
import { findPackage, packageNotFound } from '#/access/packages/packages.ts'
import { incomplete } from '#/access/requests/form.ts'
import type { Form } from '#/access/requests/form.ts'
import {
  requestByWaitlist,
  requestIncomplete,
  requestNotFound,
  requestNotNow,
  requestOpen,
  requestUnknown,
} from '#/access/requests/problems.ts'
import { stateAfter } from '#/access/requests/states.ts'
import * as store from '#/access/requests/store.ts'
import type { AccessRequest } from '#/access/requests/store.ts'
import { announce, record } from '#/access/requests/telling.ts'
import { readProfile } from '#/identity/profile/profile.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'

/** Business time from handing in, or from an answer, to when it should be decided: five days. */
const reviewTime = 5 * 86_400_000

/** By its name. */
export type Thing = { readonly kind: 'package' | 'capability'; readonly name: string }

/** A draft. Throws `requestUnknown`, `requestByWaitlist`, `requestOpen`. */
export async function createRequest(
  tx: Tx,
  partnerId: string,
  asksFor: Thing,
  form: Form,
): Promise<AccessRequest> {
  const author = authorOf(tx)
  const thing = { kind: asksFor.kind, id: await offeredId(tx, asksFor) }
  const id = newId()
  const asked = { id, asksFor: thing, form, requestedBy: author.id, requestedAs: author.kind }
  if (!(await store.insertRequest(tx, partnerId, asked))) throw requestOpen.with()
  const request = await store.selectRequest(tx, partnerId, id)
  if (!request) throw new Error('the request that was just made is gone')
  record(tx, 'create', request)
  return request
}

/** What the form names is written, the rest stays. Throws `requestNotFound`, `requestNotNow`. */
export async function editRequest(tx: Tx, partnerId: string, id: string, form: Form): Promise<AccessRequest> {
  const request = await ownRequest(tx, partnerId, id)
  const state = stateAfter(request.state, 'edit')
  return write(tx, 'edit', { ...request, state, form: { ...request.form, ...form } })
}

/** Throws `requestNotFound`, `requestNotNow`, `requestByWaitlist`, `requestIncomplete`. */
export async function submitRequest(
  tx: Tx,
  sealer: Sealer,
  partnerId: string,
  id: string,
): Promise<AccessRequest> {
  const author = authorOf(tx)
  const request = await ownRequest(tx, partnerId, id)
  const state = stateAfter(request.state, 'submit')
  // The pilot may have begun since the draft was made.
  refusePilot((await knownCapabilities(tx)).get(request.asksFor.id))
  const { missing } = await readProfile(tx, sealer, partnerId)
  const errors = incomplete(request.form, missing)
  if (errors.length > 0) throw requestIncomplete.with({ errors })
  const handed = { submittedBy: author.id, submittedAt: tx.now, dueAt: dueFrom(tx.now) }
  const submitted = await write(tx, 'submit', { ...request, state, ...handed })
  announce(tx, 'submitted', submitted)
  return submitted
}

/** Throws `requestNotFound`, `requestNotNow`. */
export async function withdrawRequest(tx: Tx, partnerId: string, id: string): Promise<AccessRequest> {
  const request = await ownRequest(tx, partnerId, id)
  const state = stateAfter(request.state, 'withdraw')
  const withdrawn = await write(tx, 'withdraw', { ...request, state, waitsForPartner: false, dueAt: null })
  // Of a draft the provider never heard.
  if (withdrawn.submittedAt) announce(tx, 'withdrawn', withdrawn)
  return withdrawn
}

/** Answers what was asked; it is the provider's turn again. Throws `requestNotFound`, `requestNotNow`. */
export async function answerRequest(
  tx: Tx,
  partnerId: string,
  id: string,
  text: string,
): Promise<AccessRequest> {
  const author = authorOf(tx)
  const request = await ownRequest(tx, partnerId, id)
  const state = stateAfter(request.state, 'answer')
  if (!request.waitsForPartner) throw requestNotNow.with({ detail: 'No question waits for an answer.' })
  const message = { id: newId(), requestId: id, kind: 'answer', text, writtenBy: author.id } as const
  await store.insertMessage(tx, partnerId, message)
  const turn = { waitsForPartner: false, dueAt: dueFrom(tx.now) }
  const answered = await write(tx, 'answer', { ...request, state, ...turn })
  announce(tx, 'answered', answered)
  return answered
}

/** With what the partner may read of what was written. Throws `requestNotFound`. */
export async function findOwnRequest(tx: Tx, sealer: Sealer, partnerId: string, id: string) {
  const request = await known(tx, await store.selectRequest(tx, partnerId, id))
  const { missing } = await readProfile(tx, sealer, partnerId)
  return { request, missing, messages: await store.listMessages(tx, partnerId, id, ['question', 'answer']) }
}

/** Newest first. */
export async function listOwnRequests(
  tx: Tx,
  partnerId: string,
  state: AccessRequest['state'] | undefined,
  page: store.PageOfRequests,
): Promise<readonly AccessRequest[]> {
  const capabilityIds = [...(await knownCapabilities(tx)).keys()]
  return store.listOwn(tx, partnerId, { capabilityIds, state: state ?? null }, page)
}

/** Locks it until the end of the transaction. */
async function ownRequest(tx: Tx, partnerId: string, id: string): Promise<AccessRequest> {
  return known(tx, await store.lockRequest(tx, partnerId, id))
}

/** One for what the partner may not know of (any more) is answered like one there is not. */
async function known(tx: Tx, request: AccessRequest | undefined): Promise<AccessRequest> {
  if (!request) throw requestNotFound.with()
  const { kind, id } = request.asksFor
  if (kind === 'capability' && !(await knownCapabilities(tx)).has(id)) throw requestNotFound.with()
  return request
}

async function write(tx: Tx, verb: string, request: AccessRequest): Promise<AccessRequest> {
  await store.updateRequest(tx, request.partnerId, request)
  record(tx, verb, request)
  return request
}

function dueFrom(now: Date): Date {
  return new Date(now.getTime() + reviewTime)
}

function authorOf({ actor }: Tx) {
  if (actor.kind !== 'member' && actor.kind !== 'application') {
    throw new Error(`a ${actor.kind} asks for no access`)
  }
  return { id: actor.id, kind: actor.kind }
}

async function offeredId(tx: Tx, { kind, name }: Thing): Promise<string> {
  if (kind === 'package') return packageIdOf(tx, name)
  const offered = [...(await knownCapabilities(tx)).values()].find((each) => each.name === name)
  if (!offered) throw unknown(kind, name)
  refusePilot(offered)
  return offered.id
}

/** Nobody is given what is in a pilot: it has a waitlist. */
function refusePilot(capability: Capability | undefined): void {
  if (capability?.exposure !== 'pilot') return
  const { name, title } = capability
  const href = `/portal/access?capability=${encodeURIComponent(name)}`
  const next = [{ action: 'join-waitlist', detail: `Join the waitlist for ${title}.`, href }]
  throw requestByWaitlist.with({ next })
}

async function packageIdOf(tx: Tx, name: string): Promise<string> {
  try {
    return (await findPackage(tx, name)).packageId
  } catch (error) {
    if (error instanceof Problem && error.definition === packageNotFound) throw unknown('package', name)
    throw error
  }
}

function unknown(kind: Thing['kind'], name: string): Problem {
  const detail = `There is no ${kind} ${name} to ask for.`
  const error = { in: 'body', pointer: `#/${kind}`, code: 'unknown', detail: 'cannot be asked for' }
  return requestUnknown.with({ detail, errors: [error] })
}
