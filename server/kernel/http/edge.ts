/** The edge owns the transaction: in the caller's name, and each change with its line in the audit. */
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Database, Tx, World } from '#/kernel/db/db.ts'
import { Invalid, LiveKeyNeeded, NotFound } from '#/kernel/http/problems.ts'
import type { ProblemError } from '#/kernel/problem/problem.ts'
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
 * Throws what the handler throws, `LiveKeyNeeded`, and what `refuseUnstorable` throws.
 */
export async function serveOperation(
  database: Pick<Database, 'live' | 'sandbox'>,
  operation: PartnerOperation,
  call: OperationCall,
): Promise<OperationAnswer> {
  const { partnerId, member, address, path, query, body } = call
  refuseUnstorable({ path, query: Object.fromEntries(query), body })
  if (operation.organisation && !member && call.environment !== 'live') throw LiveKeyNeeded.with()
  const actor: Actor = member
    ? { kind: 'member', id: member.id, partnerId, role: member.role }
    : { kind: 'application', id: call.applicationId, partnerId }
  const { action } = operation
  return transactAudited({ world: database[call.environment], actor, address, action }, (tx) =>
    operation.handle(tx, call),
  )
}

/**
 * Text without a place in the database: with a zero character, or half of a pair. Whatever a schema says of its texts,
 * none of them is to fail at a statement. Throws `Invalid`, and of a path `NotFound`: nothing has such a name.
 */
export function refuseUnstorable(parts: Readonly<Record<'path' | 'query' | 'body', unknown>>): void {
  const errors: ProblemError[] = []
  const left: { in: string; pointer: string; value: unknown }[] = []
  for (const [name, value] of Object.entries(parts)) left.push({ in: name, pointer: '#', value })
  // By hand, as deep as what was sent: the stack of calls would end before.
  for (let one = left.pop(); one !== undefined && errors.length < 50; one = left.pop()) {
    const { in: where, pointer, value } = one
    if (typeof value === 'string' && !isStorable(value)) {
      errors.push({ in: where, pointer, code: 'text', detail: 'holds a character that cannot be stored' })
    }
    if (typeof value !== 'object' || value === null) continue
    for (const [name, part] of Object.entries(value)) {
      const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      left.push({ in: where, pointer: place, value: part })
      if (!isStorable(name)) left.push({ in: where, pointer, value: name })
    }
  }
  if (errors.some((error) => error.in === 'path')) throw NotFound.with()
  if (errors.length > 0) throw Invalid.with({ errors: errors.toReversed() })
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
