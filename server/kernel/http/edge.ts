/** The edge owns the transaction: in the caller's name, and each change with its line in the audit. */
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Database, Tx, World } from '#/kernel/db/db.ts'
import { LiveKeyNeeded } from '#/kernel/http/problems.ts'
import type { OperationAnswer, OperationCall, PartnerOperation } from '#/kernel/http/operations.ts'

export type Edge = {
  readonly world: World
  readonly actor: Actor
  readonly address: string
  /** What the audit calls it when the work says nothing; undefined: it changes nothing. */
  readonly action: string | undefined
}

export function transactAudited<T>(edge: Edge, work: (tx: Tx) => Promise<T>): Promise<T> {
  const audited = async (tx: Tx): Promise<T> => {
    let said = false
    const audit: Tx['audit'] = (line) => {
      said = true
      tx.audit(line)
    }
    const result = await work({ ...tx, audit })
    if (!said && edge.action) tx.audit({ action: edge.action })
    return result
  }
  return transact(edge.world, edge.actor, audited, edge.address)
}

/**
 * Serves a call of an operation of ours: a transaction in the caller's world, as its person or its application.
 * Throws what the handler throws, and `LiveKeyNeeded`.
 */
export async function serveOperation(
  database: Pick<Database, 'live' | 'sandbox'>,
  operation: PartnerOperation,
  call: OperationCall,
): Promise<OperationAnswer> {
  const { partnerId, member, address } = call
  if (operation.organisation && !member && call.environment !== 'live') throw LiveKeyNeeded.with()
  const actor: Actor = member
    ? { kind: 'member', id: member.id, partnerId, role: member.role }
    : { kind: 'application', id: call.applicationId, partnerId }
  const { action } = operation
  return transactAudited({ world: database[call.environment], actor, address, action }, (tx) =>
    operation.handle(tx, call),
  )
}
