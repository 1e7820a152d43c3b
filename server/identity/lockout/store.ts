/** Every statement on tries. */
import type { Tx } from '#/kernel/db/db.ts'

/** `letter`: whom one is written to; `asker`: the network that asks for it. */
export type Kind = 'account' | 'address' | 'device' | 'person' | 'letter' | 'asker'

export type Counted = { readonly subject: Buffer; readonly kind: Kind }

export type AttemptRow = Counted & {
  readonly failures: number
  readonly blockedUntil: Date | null
}

export const statements = {
  // Holds the rows until the commit, so that of a hundred at once each sees what the one before it left. In the order
  // of the subjects, so that two who count the same ones do not wait for each other in a ring.
  countTry: `
    insert into identity_attempt (subject, kind, tries, failures, last_at)
    select subject, kind, 1, 0, $3 from unnest($1::bytea[], $2::text[]) as given (subject, kind) order by subject
    on conflict (subject) do update set
      tries = identity_attempt.tries + 1, last_at = excluded.last_at,
      failures = case when identity_attempt.failed_at < $4 then 0 else identity_attempt.failures end
    returning subject, kind, failures::int, blocked_until as "blockedUntil"`,
  setFailures: `
    update identity_attempt set failures = $2, failed_at = $3, blocked_until = $4 where subject = $1`,
  /** One less; below the bound nothing is blocked. */
  takeBack: `
    update identity_attempt a
    set failures = greatest(a.failures - 1, 0),
        blocked_until = case when a.failures - 1 < given.free then null else a.blocked_until end
    from (select subject, free from unnest($1::bytea[], $2::int[]) as u (subject, free) order by subject) as given
    where a.subject = given.subject`,
  forgive: 'update identity_attempt set failures = 0, blocked_until = null where subject = any($1::bytea[])',
  pruneAttempts: `
    delete from identity_attempt where last_at < $1 and (blocked_until is null or blocked_until < $2)
    returning subject`,
} as const

export async function countTry(tx: Tx, counted: readonly Counted[], at: Date, forgottenBefore: Date) {
  const subjects = counted.map(({ subject }) => subject)
  const kinds = counted.map(({ kind }) => kind)
  return tx.rows<AttemptRow>(statements.countTry, [subjects, kinds, at, forgottenBefore])
}

export async function setFailures(
  tx: Tx,
  subject: Buffer,
  failures: number,
  at: Date,
  blockedUntil: Date | null,
) {
  await tx.rows(statements.setFailures, [subject, failures, at, blockedUntil])
}

export async function takeBack(tx: Tx, subjects: readonly Buffer[], free: readonly number[]) {
  await tx.rows(statements.takeBack, [subjects, free])
}

export async function forgive(tx: Tx, subjects: readonly Buffer[]) {
  await tx.rows(statements.forgive, [subjects])
}

export async function pruneAttempts(tx: Tx, lastBefore: Date, now: Date) {
  return (await tx.rows(statements.pruneAttempts, [lastBefore, now])).length
}
