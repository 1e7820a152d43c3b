/** Transactions: opened by an edge (a route, a job), handed down, committed by nobody else. */
import type pg from 'pg'
import { writeCollected } from '#/kernel/events/events.ts'
import type { Change, Emitted } from '#/kernel/events/events.ts'
import { newId } from '#/kernel/id/id.ts'
import { partnerOf } from '#/kernel/db/actor.ts'
import type { Actor } from '#/kernel/db/actor.ts'
import type { AuditLine } from '#/kernel/db/actor.ts'
import type { World } from '#/kernel/db/world.ts'

export type Tx = {
  /** Business time of the world when the transaction began. */
  readonly now: Date
  readonly actor: Actor
  readonly world: World['name']
  /** Runs one statement; values are always parameters. */
  rows<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Announces an event; it is committed with the transaction. */
  emit(type: string, event: { partnerId: string | null; data: object }): void
  /** Tells every gateway that what it holds of this row is stale; with the commit. */
  changed(topic: string, id: string | null): void
  /** Adds a line to the audit; it is committed with the transaction. */
  audit(line: Pick<AuditLine, 'action'> & Partial<AuditLine>): void
}

/** SQLSTATE of failures that the same work, done again, gets past. */
const retryCodes: Readonly<Record<string, string>> = { '40001': 'serialization failure', '40P01': 'deadlock' }

/**
 * Runs `work` in a transaction of the world. It may run up to three times (a deadlock, a serialization
 * failure), so it has no effect but through `tx`, and it calls nothing over the network.
 */
export async function transact<T>(
  world: World,
  actor: Actor,
  work: (tx: Tx) => Promise<T>,
  address: string | null = null,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(world, actor, work, address)
    } catch (error) {
      const code = (error as { code?: string }).code ?? ''
      if (!(code in retryCodes) || attempt === 3) throw error
    }
  }
}

async function once<T>(
  world: World,
  actor: Actor,
  work: (tx: Tx) => Promise<T>,
  address: string | null,
): Promise<T> {
  const client = await world.pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin(actor))
    const { tx, emitted, changes, audited } = collect(world, actor, client)
    const result = await work(tx)
    if (audited.length > 0) {
      await world.audit?.write(client, new Date(world.clock.wall()), actor, address, audited)
    }
    await writeCollected(client, tx.now, emitted, changes)
    await client.query('commit')
    return result
  } catch (error) {
    // A connection that cannot even roll back is not given back to the pool.
    await client.query('rollback').catch((failure: Error) => (broken = failure))
    throw error
  } finally {
    client.release(broken)
  }
}

/** One round trip: the transaction, and for row-level security whose rows it may touch (an id of ours, or `*`). */
function begin(actor: Actor): string {
  const partner = partnerOf(actor)
  if (!/^(?:\*|[0-9a-f-]{36})$/.test(partner)) throw new Error('not the id of a partner')
  // `set local`, not a query: the transaction may still choose its isolation level after it.
  return `begin; set local portico.partner = '${partner}'`
}

function collect(world: World, actor: Actor, client: pg.ClientBase) {
  const emitted: (Emitted & { id: string })[] = []
  const changes: Change[] = []
  const audited: AuditLine[] = []
  const tx: Tx = {
    now: world.clock.business(),
    actor,
    world: world.name,
    rows: async <Row>(text: string, values: readonly unknown[] = []) => {
      const result = await client.query(text, [...values])
      return result.rows as Row[]
    },
    emit: (type, event) => void emitted.push({ id: newId(), type, ...event }),
    changed: (topic, id) => void changes.push({ topic, id }),
    audit: (line) =>
      void audited.push({ subject: null, partnerId: null, reason: null, changes: null, ...line }),
  }
  return { tx, emitted, changes, audited }
}
