/** Work inside a transaction that is done wholly or not at all, while the transaction around it goes on. */
import type { Tx } from '#/kernel/db/db.ts'

/**
 * SQLSTATE classes that say nothing about the work: the transaction was rolled back (40), the server is short of
 * something (53), a lock was not to be had (55P03), somebody intervened (57), the connection is gone (08).
 */
const passing = /^(?:40|53|55P03|57|08)/

/**
 * What the work threw, or null. After a failure neither its rows nor its events, changes and audit lines are there.
 * Failures that pass by themselves are thrown on, for the transaction to be done again.
 */
export async function attempt(tx: Tx, work: (tx: Tx) => Promise<void>): Promise<Error | null> {
  const held: (() => void)[] = []
  const inner: Tx = {
    ...tx,
    emit: (...said) => void held.push(() => tx.emit(...said)),
    changed: (...said) => void held.push(() => tx.changed(...said)),
    audit: (...said) => void held.push(() => tx.audit(...said)),
  }
  await tx.rows('savepoint attempt')
  try {
    await work(inner)
    await tx.rows('release savepoint attempt')
  } catch (error) {
    if (passing.test((error as { code?: string }).code ?? '')) throw error
    await tx.rows('rollback to savepoint attempt')
    return error instanceof Error ? error : new Error(String(error))
  }
  for (const say of held) say()
  return null
}
