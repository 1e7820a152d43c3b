/** Every statement on messages on their way out. */
import type { Tx } from '#/kernel/db/db.ts'

export type DueMail = {
  readonly id: string
  readonly kind: string
  readonly sealed: Buffer
  readonly attempts: number
}

export const statements = {
  insertMail: `insert into identity_mail (id, kind, sealed) values ($1, $2, $3)`,
  // Taking counts as an attempt and moves the next one on, so that a process that dies while it sends neither loses
  // the message nor holds it. Two senders take different rows.
  takeDueMail: `
    update identity_mail set attempts = attempts + 1,
      next_attempt_at = clock_timestamp() + least(interval '1 hour', interval '30 seconds' * power(2, attempts))
    where id in (
      select id from identity_mail
      where sent_at is null and given_up_at is null and next_attempt_at <= clock_timestamp()
      order by next_attempt_at limit $1 for update skip locked
    )
    returning id, kind, sealed, attempts`,
  markSent: `update identity_mail set sent_at = clock_timestamp(), sealed = null where id = $1`,
  giveUp: `update identity_mail set given_up_at = clock_timestamp(), sealed = null where id = $1`,
} as const

export async function insertMail(tx: Tx, id: string, kind: string, sealed: Buffer): Promise<void> {
  await tx.rows(statements.insertMail, [id, kind, sealed])
}

export function takeDueMail(tx: Tx, most: number): Promise<DueMail[]> {
  return tx.rows<DueMail>(statements.takeDueMail, [most])
}

export async function markSent(tx: Tx, id: string): Promise<void> {
  await tx.rows(statements.markSent, [id])
}

export async function giveUp(tx: Tx, id: string): Promise<void> {
  await tx.rows(statements.giveUp, [id])
}
