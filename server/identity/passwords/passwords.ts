/**
 * Passwords: which are taken, how they are kept, and how one is checked so that nobody learns from the time it took
 * whether the account exists. Hashing is slow on purpose: never while a transaction is open.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { emailDigest, endSessions } from '#/identity/people/people.ts'
import {
  hashPassword,
  impossiblePhc,
  isWeaker,
  matchesPhc,
  recommended,
} from '#/identity/passwords/argon2.ts'
import type { Parameters } from '#/identity/passwords/argon2.ts'
import { readCommonPasswords } from '#/identity/passwords/common.ts'
import type { CommonPasswords } from '#/identity/passwords/common.ts'
import { normalisePassword, refuseWeak } from '#/identity/passwords/rules.ts'
import type { Bearer } from '#/identity/passwords/rules.ts'
import * as store from '#/identity/passwords/store.ts'
import { createTurns } from '#/identity/passwords/turns.ts'

export { deriveDemoPassword } from '#/identity/passwords/demo-password.ts'
export type { Bearer } from '#/identity/passwords/rules.ts'

/** What a sign-in found under an address: something in any case, and not to be told apart by time. */
export type Account = {
  /** Null: nobody could sign in with a password, and the rest is somebody else's or of our making. */
  readonly personId: string | null
  /** `verify` takes it, and runs for a stranger just as long. */
  readonly phc: string
  readonly sealed: Buffer
}

export type Passwords = {
  /** Throws `passwordRefused` with everything that speaks against it. */
  refuseWeak(password: string, bearer: Bearer): void
  /** Slow. Throws `busy`. The result goes to `setPassword`. */
  hash(password: string): Promise<string>
  /** The one look-up for any address, known or not. */
  findAccount(tx: Tx, email: string): Promise<Account>
  /** The same for a person who is signed in (a step-up, a change of the password). */
  accountOf(tx: Tx, personId: string): Promise<Account>
  /** Slow, and as slow for an account that does not exist. Throws `busy`. */
  verify(account: Account, password: string): Promise<boolean>
  /** Sets the first password or another one, and ends every session of the person. */
  setPassword(tx: Tx, personId: string, hash: string, wall: number): Promise<void>
  /** Hashes again when we ask for more than the account's hash has; null when it is good. Slow. */
  strengthen(account: Account, password: string): Promise<string | null>
  /** Puts the stronger hash in the place of the one that was verified; changes nothing when it is another by now. */
  replaceHash(tx: Tx, account: Account, hash: string): Promise<void>
  changedAt(tx: Tx, personId: string): Promise<Date | null>
  /** Forgets it; the sessions stay. */
  removePassword(tx: Tx, personId: string): Promise<void>
}

export type PasswordOptions = {
  readonly sealer: Sealer
  /** Lighter in tests. */
  readonly parameters?: Parameters
  readonly bound?: { readonly running: number; readonly waiting: number }
}

const defaultBound = { running: 2, waiting: 100 }

export function createPasswords(options: PasswordOptions): Passwords {
  const { sealer, parameters = recommended } = options
  const turn = createTurns(options.bound ?? defaultBound)
  const nobody = createNobody(sealer, parameters)
  let common: CommonPasswords | undefined

  const accountFrom = (isTheirs: boolean, personId: string, sealed: Buffer): Account => ({
    personId: isTheirs ? personId : null,
    phc: sealer.open(sealed, place(personId)),
    sealed,
  })

  return {
    refuseWeak(password, bearer) {
      common ??= readCommonPasswords()
      refuseWeak(password, bearer, common)
    },
    hash: (password) => turn(() => hashPassword(required(password), parameters)),
    async findAccount(tx, email) {
      const digest = emailDigest(sealer, email)
      const row = await store.selectNearest(tx, digest)
      if (!row) return accountFrom(false, nobody.id, nobody.sealed)
      const isTheirs = timingSafeEqual(row.digest, digest) && row.state === 'active'
      return accountFrom(isTheirs, row.personId, row.phc)
    },
    async accountOf(tx, personId) {
      const row = await store.selectPassword(tx, personId)
      return row ? accountFrom(true, personId, row.phc) : accountFrom(false, nobody.id, nobody.sealed)
    },
    async verify(account, password) {
      const text = normalisePassword(password)
      const matches = await turn(() => matchesPhc(account.phc, text ?? ''))
      return matches && text !== null && account.personId !== null
    },
    async strengthen(account, password) {
      if (!isWeaker(account.phc, parameters)) return null
      return turn(() => hashPassword(required(password), parameters))
    },
    async setPassword(tx, personId, hash, wall) {
      await store.putPassword(tx, personId, sealer.seal(hash, place(personId)), new Date(wall))
      await endSessions(tx, personId)
      tx.emit('identity.password_set', { partnerId: null, data: { personId } })
      tx.audit({ action: 'passwords.set', subject: { kind: 'person', id: personId } })
    },
    async replaceHash(tx, { personId, sealed }, hash) {
      if (personId === null) throw new Error('nobody has no hash')
      await store.replacePhc(tx, personId, sealed, sealer.seal(hash, place(personId)))
    },
    changedAt: async (tx, personId) => (await store.selectPassword(tx, personId))?.changedAt ?? null,
    async removePassword(tx, personId) {
      if (!(await store.deletePassword(tx, personId))) return
      tx.audit({ action: 'passwords.remove', subject: { kind: 'person', id: personId } })
    },
  }
}

function place(personId: string): string {
  return `identity_password.phc:${personId}`
}

/** For an installation without any password yet, and for the step-up of a person without one. */
function createNobody(sealer: Sealer, parameters: Parameters): { id: string; sealed: Buffer } {
  const id = 'nobody'
  return { id, sealed: sealer.seal(impossiblePhc(parameters), place(id)) }
}

/** What is hashed has passed the rules. */
function required(password: string): string {
  const text = normalisePassword(password)
  if (text === null) throw new Error('a password that is too long was not refused')
  return text
}
