/**
 * Another e-mail address for oneself. It counts once the link that was sent there comes back in a session of the same
 * person: with a typing error the letter goes to a stranger, whom the link alone must not make the owner of the account.
 *
 * An address that is somebody's is taken like any other; only its owner reads, in that mailbox, that nothing will come
 * of it. Whom an OpenID provider knows goes on being known there by its name for the person, not by the address.
 */
import { hash, randomBytes } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx, World } from '#/kernel/db/db.ts'
import { Problem, problem } from '#/kernel/problem/problem.ts'
import { newDevice } from '#/identity/lockout/lockout.ts'
import type { Lockout } from '#/identity/lockout/lockout.ts'
import { changedLetter, confirmLetter, takenLetter, warningLetter } from '#/identity/new-address/letters.ts'
import * as store from '#/identity/new-address/store.ts'
import { sendMail } from '#/identity/notices/notices.ts'
import {
  changeEmail,
  emailInvalid,
  emailTaken,
  endSessions,
  findPerson,
  findPersonByEmail,
  normaliseEmail,
  personNotFound,
} from '#/identity/people/people.ts'
import { dropLinks } from '#/identity/recovery/recovery.ts'
import { requireOwnProof } from '#/identity/sessions/sessions.ts'
import type { Opened, Session, Sessions } from '#/identity/sessions/sessions.ts'

export const newAddressNotFound = problem('new_address.not_found', 404, 'The link is not good any more', {
  help: 'A link to confirm an address works once, for an hour, for the person who asked and is signed in, and not after they asked for another. Ask again.',
})

/** Milliseconds. */
const validFor = 60 * 60_000

export type NewAddressDeps = {
  readonly world: World
  readonly sealer: Sealer
  readonly lockout: Lockout
  readonly sessions: Sessions
}

/**
 * Nothing changes yet. `page`: `https://portal.example/portal/new-address`. Throws `stepUpRequired`, `emailInvalid`,
 * `lettersTooMany`.
 */
export async function askForAddress(
  tx: Tx,
  { world, sealer, lockout }: NewAddressDeps,
  session: Session,
  asked: { readonly email: string; readonly address: string; readonly page: string },
): Promise<void> {
  const wall = world.clock.wall()
  requireOwnProof(session, wall)
  const email = normaliseEmail(asked.email)
  if (email === null) throw emailInvalid.with()
  await lockout.countLetter(tx, { email, address: asked.address }, wall)
  const { personId } = session
  const old = await emailOf(tx, sealer, personId)
  const taken = (await findPersonByEmail(tx, sealer, email)) !== null
  // Written in either case; nobody is told the token for an address that is taken.
  const token = randomBytes(32).toString('base64url')
  await store.putNewAddress(
    tx,
    {
      personId,
      digest: digestOf(token),
      email: sealer.seal(email, place(personId)),
      expiresAt: new Date(wall + validFor),
    },
    new Date(wall),
  )
  const letter = taken ? takenLetter(email) : confirmLetter(email, `${asked.page}/${token}`)
  await sendMail(tx, sealer, 'new-address', letter)
  await sendMail(tx, sealer, 'new-address-asked', warningLetter(old))
  tx.audit({ action: 'people.ask_email', subject: { kind: 'person', id: personId } })
}

/**
 * Every other session ends and links in the old mailbox are good no more; this session goes on under another token.
 * `device` goes into the device cookie. Throws `newAddressNotFound`, `sessionEnded`.
 */
export async function confirmAddress(
  tx: Tx,
  { world, sealer, sessions }: NewAddressDeps,
  session: Session,
  token: string,
): Promise<Opened & { readonly device: string }> {
  const { personId } = session
  const wall = world.clock.wall()
  const row = await store.takeNewAddress(tx, personId, digestOf(token), new Date(wall))
  if (!row) throw newAddressNotFound.with()
  const email = sealer.open(row.email, place(personId))
  const old = await emailOf(tx, sealer, personId)
  // Somebody's since we wrote: not said, as it was not when it was asked for.
  await changeEmail(tx, sealer, personId, email).catch((error: unknown) => {
    const isTaken = error instanceof Problem && error.definition === emailTaken
    throw isTaken ? newAddressNotFound.with({ cause: error }) : error
  })
  await dropLinks(tx, personId)
  await endSessions(tx, personId)
  await sendMail(tx, sealer, 'new-address-changed', changedLetter(old))
  const opened = await sessions.keep(tx, session, wall)
  return { ...opened, device: newDevice(sealer, email, wall) }
}

/** The link is good no more. Throws `newAddressNotFound`. */
export async function dropAddress(tx: Tx, personId: string): Promise<void> {
  if (!(await store.deleteNewAddress(tx, personId))) throw newAddressNotFound.with()
  tx.audit({ action: 'people.drop_email', subject: { kind: 'person', id: personId } })
}

async function emailOf(tx: Tx, sealer: Sealer, personId: string): Promise<string> {
  const person = await findPerson(tx, sealer, personId)
  if (!person || person.email === null) throw personNotFound.with()
  return person.email
}

function place(personId: string): string {
  return `identity_new_address.email:${personId}`
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}
