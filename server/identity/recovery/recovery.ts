/**
 * A forgotten password, or none yet: a link that is sent to the address and sets a new one. Asking leaves the same trace
 * and takes the same steps for every address; who it belongs to is looked up afterwards, when nobody waits for an answer.
 *
 * The link proves a mailbox and nothing else: it signs nobody in, and the second factor is asked for as ever.
 */
import { hash, randomBytes } from 'node:crypto'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { problem } from '#/kernel/problem/problem.ts'
import { newDevice } from '#/identity/lockout/lockout.ts'
import { sendMail } from '#/identity/notices/notices.ts'
import {
  emailDigest,
  findOperator,
  findPerson,
  findPersonByDigest,
  memberships,
} from '#/identity/people/people.ts'
import type { Person } from '#/identity/people/people.ts'
import type { Realm } from '#/identity/sessions/sessions.ts'
import type { SignInDeps } from '#/identity/sign-in/sign-in.ts'
import { passwordLetter, changedLetter } from '#/identity/recovery/letters.ts'
import * as store from '#/identity/recovery/store.ts'

export const recoveryNotFound = problem('recovery.not_found', 404, 'The link is not good any more', {
  help: 'A link to set a password works once, for thirty minutes, and not after the password or the address was changed. Ask for another one.',
})

/** Milliseconds. */
const validFor = 30 * 60_000

const batch = 20

export type RecoveryDeps = Pick<SignInDeps, 'world' | 'sealer' | 'lockout' | 'passwords'>

/** Opens transactions of the system. */
type Edge = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

/** Whoever has the address, and whether anybody does. Throws `lettersTooMany`. */
export async function askForPassword(
  tx: Tx,
  { world, sealer, lockout }: RecoveryDeps,
  asked: { readonly email: string; readonly realm: Realm; readonly address: string },
): Promise<void> {
  const { email, realm, address } = asked
  await lockout.countLetter(tx, { email, address }, world.clock.wall())
  await store.insertRequest(tx, newId(), { digest: emailDigest(sealer, email), realm })
}

/** The pages that take a token: `https://portal.example/portal/recovery`. */
export type RecoveryPages = Readonly<Record<Realm, string>>

/** Writes the letters that were asked for; resolves with how many requests were answered. */
export async function writeLetters(edge: Edge, deps: RecoveryDeps, pages: RecoveryPages): Promise<number> {
  let answered = 0
  for (;;) {
    const taken = await edge(async (tx) => {
      const requests = await store.takeRequests(tx, batch)
      for (const request of requests) await answer(tx, deps, pages, request)
      return requests.length
    })
    answered += taken
    if (taken < batch) return answered
  }
}

async function answer(
  tx: Tx,
  { world, sealer }: RecoveryDeps,
  pages: RecoveryPages,
  { digest, realm }: store.RequestRow,
): Promise<void> {
  const person = await findPersonByDigest(tx, sealer, digest)
  if (!person || person.state !== 'active' || person.email === null) return
  if (!(await hasPlace(tx, person.id, realm))) return
  const token = randomBytes(32).toString('base64url')
  const wall = world.clock.wall()
  const made = await store.insertLink(tx, {
    digest: digestOf(token),
    personId: person.id,
    emailDigest: digest,
    createdAt: new Date(wall),
    expiresAt: new Date(wall + validFor),
  })
  if (!made) return
  await sendMail(tx, sealer, 'recovery', passwordLetter(person.email, `${pages[realm]}/${token}`))
  tx.audit({ action: 'passwords.send_link', subject: { kind: 'person', id: person.id } })
}

/** The console's address is not for those who have nothing to do there. */
async function hasPlace(tx: Tx, personId: string, realm: Realm): Promise<boolean> {
  return realm === 'console'
    ? (await findOperator(tx, personId)) !== null
    : (await memberships(tx, personId)).length > 0
}

export type Recovery = {
  readonly token: string
  readonly password: string
  /** Of the provider and of the product: not to be part of it. */
  readonly names: readonly string[]
}

/**
 * Sets the password; every session of the person ends, and so do all its links. Gives the value of the device cookie:
 * whoever reads the mailbox is no stranger that a lock-out keeps waiting. Throws `recoveryNotFound`, `passwordRefused`,
 * `busy`.
 */
export async function recoverPassword(
  edge: Edge,
  deps: RecoveryDeps,
  { token, password, names }: Recovery,
): Promise<{ readonly device: string }> {
  const { world, sealer, passwords } = deps
  const { email } = await edge((tx) => opened(tx, deps, token))
  passwords.refuseWeak(password, { email, names })
  const hashed = await passwords.hash(password)
  return edge(async (tx) => {
    // The second look decides: hashing took a while.
    const found = await opened(tx, deps, token)
    const wall = world.clock.wall()
    await passwords.setPassword(tx, found.id, hashed, wall)
    await store.deleteLinks(tx, found.id)
    await sendMail(tx, sealer, 'password-changed', changedLetter(found.email))
    tx.audit({ action: 'passwords.recover', subject: { kind: 'person', id: found.id } })
    return { device: newDevice(sealer, found.email, wall) }
  })
}

/** No link of the person is good any more: what they were sent to is theirs no longer. */
export function dropLinks(tx: Tx, personId: string): Promise<void> {
  return store.deleteLinks(tx, personId)
}

async function opened(
  tx: Tx,
  { world, sealer, passwords }: RecoveryDeps,
  token: string,
): Promise<Person & { readonly email: string }> {
  const link = await store.selectLink(tx, digestOf(token), new Date(world.clock.wall()))
  const person = link && (await findPerson(tx, sealer, link.personId))
  if (!person || person.state !== 'active' || person.email === null) throw recoveryNotFound.with()
  const changedAt = await passwords.changedAt(tx, person.id)
  if (changedAt !== null && changedAt > link.createdAt) throw recoveryNotFound.with()
  return { ...person, email: person.email }
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}
