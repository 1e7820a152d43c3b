/** The one statement of the declaration itself; everything it writes goes through the doors of those who own it. */
import type { Tx } from '#/kernel/db/db.ts'

export const statements = {
  // Any number of our own. Two nodes that start at once would both give an application its first key.
  lockDeclaration: `select pg_advisory_xact_lock(7301942513)`,
} as const

/** Until the end of the transaction. */
export async function lockDeclaration(tx: Tx): Promise<void> {
  await tx.rows(statements.lockDeclaration)
}
