/** Challenges: made for one purpose and one hand, good once and for five minutes. What is kept of one is its SHA-256. */
import { hash, randomBytes } from 'node:crypto'
import type { Tx } from '#/kernel/db/db.ts'
import * as store from '#/identity/passkeys/store.ts'
import type { Purpose } from '#/identity/passkeys/store.ts'

/** Milliseconds; also what the browser is told as its time limit. */
export const validFor = 5 * 60_000

/** Who began a ceremony and may end it. */
export type Holder = {
  readonly purpose: Purpose
  /** Null where nobody is known yet. */
  readonly personId: string | null
  /** The id of a session or of a waiting sign-in, or the token of an anonymous one. */
  readonly secret: string
}

export async function makeChallenge(tx: Tx, holder: Holder, wall: number): Promise<Buffer<ArrayBuffer>> {
  await store.sweepChallenges(tx, new Date(wall))
  const challenge = Buffer.from(randomBytes(32))
  const expiresAt = new Date(wall + validFor)
  await store.insertChallenge(tx, { ...keyOf(challenge, holder), expiresAt })
  return challenge
}

/** Whether it was there; afterwards it is not. */
export async function takeChallenge(
  tx: Tx,
  challenge: Buffer,
  holder: Holder,
  wall: number,
): Promise<'taken' | 'expired' | 'unknown'> {
  const row = await store.takeChallenge(tx, keyOf(challenge, holder))
  if (!row) return 'unknown'
  return row.expiresAt.getTime() > wall ? 'taken' : 'expired'
}

function keyOf(challenge: Buffer, { purpose, personId, secret }: Holder) {
  return {
    digest: hash('sha256', challenge, 'buffer'),
    purpose,
    personId,
    holder: hash('sha256', secret, 'buffer'),
  }
}
