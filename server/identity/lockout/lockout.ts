/**
 * How often somebody may try. Every try is counted before it is looked at, in rows that hold each other up: a hundred
 * at once are a hundred, on any number of nodes and over restarts. After a few free failures each further one doubles
 * the wait. Accounts are counted by the address that was given, whether anybody has it: a wait tells nothing.
 *
 * Nobody can be locked out for ever. A wait is bounded, tries that are turned away do not prolong it, a browser the
 * account knows is counted on its own, and passkeys, single sign-on and the reset of the password are not counted here.
 */
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { normaliseEmail } from '#/identity/people/people.ts'
import { networkOf } from '#/identity/sessions/sessions.ts'
import { knownDevice } from '#/identity/lockout/device.ts'
import { problem } from '#/kernel/problem/problem.ts'
import * as store from '#/identity/lockout/store.ts'
import type { Counted, Kind } from '#/identity/lockout/store.ts'

export { deviceCookie, deviceLifetime, newDevice } from '#/identity/lockout/device.ts'

export const lettersTooMany = problem('auth.letters_too_many', 429, 'Too many letters were asked for', {
  help: 'One address is written to only so often, and one network may ask only so often; whether somebody has the address is never said. Look into the mailbox, also among the unwanted, and try again after the seconds in `Retry-After`.',
  retryable: true,
})

/** `free` failures cost nothing; the next one `first`, then twice as much each time up to `longest` (milliseconds). */
export type Policy = { readonly free: number; readonly longest: number; readonly first?: number }

export type Policies = Readonly<Record<Kind, Policy>>

const minute = 60_000

/**
 * An account from unknown browsers: at most 288 guesses a day, from however many networks. A network has more free
 * ones, since a whole office may stand behind one address. A person who is signed in proves it again (step-up).
 * Letters are counted apart, and each of them: at most eight in the first hour fill anybody's mailbox, then one an hour.
 */
export const defaultPolicies: Policies = {
  account: { free: 5, longest: 5 * minute },
  address: { free: 50, longest: 15 * minute },
  device: { free: 5, longest: 15 * minute },
  person: { free: 5, longest: 15 * minute },
  letter: { free: 3, longest: 60 * minute, first: minute },
  asker: { free: 30, longest: 15 * minute },
}

/** After a day without a failure all is forgotten. */
const memory = 24 * 60 * minute

export type Subject = { readonly kind: Kind; readonly value: string }

/** `waitSeconds`: until the next try is let in; 0: none. */
export type Admission = { readonly admitted: boolean; readonly waitSeconds: number }

export type Lockout = {
  /** Who is counted at a sign-in: the browser if the account knows it, else the account and the network. */
  subjectsOf(tried: { email: string; address: string; device: string | null }, wall: number): Subject[]
  /**
   * Counts a letter that somebody asks for, by whom it goes to (whether anybody has the address) and by the network.
   * Throws `lettersTooMany`.
   */
  countLetter(tx: Tx, asked: { email: string; address: string }, wall: number): Promise<void>
  /** Counts a try, as a failure until it is said otherwise. Commit it before the proof is looked at. */
  admit(tx: Tx, subjects: readonly Subject[], wall: number): Promise<Admission>
  /** The try was no failure, and no success either: the second factor is asked for, or we were too busy. */
  takeBack(tx: Tx, subjects: readonly Subject[]): Promise<void>
  /** It was the person: forgets its failures. A network is given back this one only: it may be somebody else's too. */
  succeed(tx: Tx, subjects: readonly Subject[]): Promise<void>
  /** Deletes what decides nothing any more; returns how many. */
  prune(tx: Tx, wall: number): Promise<number>
}

export function createLockout(deps: { readonly sealer: Sealer; readonly policies?: Policies }): Lockout {
  const { sealer, policies = defaultPolicies } = deps
  const counted = (subjects: readonly Subject[]): Counted[] =>
    subjects.map(({ kind, value }) => ({
      kind,
      subject: sealer.digest(value, `identity_attempt.subject:${kind}`),
    }))

  const takeBack = async (tx: Tx, subjects: readonly Subject[]) => {
    const given = counted(subjects)
    await store.takeBack(
      tx,
      given.map(({ subject }) => subject),
      given.map(({ kind }) => policies[kind].free),
    )
  }

  const admit: Lockout['admit'] = async (tx, subjects, wall) => {
    const rows = await store.countTry(tx, counted(subjects), new Date(wall), new Date(wall - memory))
    const until = Math.max(...rows.map(({ blockedUntil }) => blockedUntil?.getTime() ?? 0))
    if (until > wall) return { admitted: false, waitSeconds: Math.ceil((until - wall) / 1000) }
    let longest = 0
    for (const { subject, kind, failures } of rows) {
      const delay = delayAfter(failures + 1, policies[kind])
      longest = Math.max(longest, delay)
      const blockedUntil = delay > 0 ? new Date(wall + delay) : null
      await store.setFailures(tx, subject, failures + 1, new Date(wall), blockedUntil)
    }
    return { admitted: true, waitSeconds: Math.ceil(longest / 1000) }
  }

  return {
    subjectsOf({ email, address, device }, wall) {
      const account = accountOf(email)
      const known = knownDevice(sealer, account, device, wall)
      if (known !== null) return [{ kind: 'device', value: `${known} ${account}` }]
      return [
        { kind: 'account', value: account },
        { kind: 'address', value: networkOfCaller(address) },
      ]
    },
    async countLetter(tx, { email, address }, wall) {
      const { admitted, waitSeconds } = await admit(
        tx,
        [
          { kind: 'letter', value: accountOf(email) },
          { kind: 'asker', value: networkOfCaller(address) },
        ],
        wall,
      )
      if (!admitted) throw lettersTooMany.with({ headers: { 'retry-after': String(waitSeconds) } })
    },
    admit,
    takeBack,
    async succeed(tx, subjects) {
      const networks = subjects.filter(({ kind }) => kind === 'address')
      const others = subjects.filter(({ kind }) => kind !== 'address')
      await store.forgive(
        tx,
        counted(others).map(({ subject }) => subject),
      )
      await takeBack(tx, networks)
    },
    prune: (tx, wall) => store.pruneAttempts(tx, new Date(wall - memory), new Date(wall)),
  }
}

/** Of any text, so that what is no address is counted like one. */
function accountOf(email: string): string {
  return normaliseEmail(email) ?? email.trim().toLowerCase()
}

/** One who has IPv6 has a whole /64 of addresses to try from. */
function networkOfCaller(address: string): string {
  return networkOf(address, { v4: 32, v6: 64 })
}

/** The failure that uses up the last free try is the first that costs. */
export function delayAfter(failures: number, { free, longest, first = 1000 }: Policy): number {
  if (failures < free) return 0
  return Math.min(longest, first * 2 ** (failures - free))
}
