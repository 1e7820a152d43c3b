/** The chain holds every committed line once, whatever happens in between, and no writer waits for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createAuditSink, createSealing, sealAudit, verifyAudit } from '#/governance/audit/audit.ts'
import type { Anchor, Head } from '#/governance/audit/audit.ts'
import { listUnsealed, readChain } from '#/governance/audit/store.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx, World } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const audit = createAuditSink(sealer)
const database = await testDatabase()
const worlds = [database.control, database.live, database.sandbox].map((world) => ({ ...world, audit }))
const control = { ...database.control, audit }
const system = { kind: 'system', name: 'test' } as const

const seal = (limit?: number) =>
  transact(control, system, (tx) => sealAudit(tx, sealer, limit ? { limit } : {}))

/** All subjects of the chain, in its order. */
async function chained(): Promise<string[]> {
  const links = await transact(control, system, (tx) => readChain(tx, '0', 1_000_000))
  assert.deepEqual(
    links.map((link) => Number(link.position)),
    links.map((_, at) => at + 1),
  )
  return links.map((link) => link.line?.subject?.id ?? '')
}

async function inOrder(): Promise<void> {
  const { findings, waiting } = await transact(control, system, (tx) => verifyAudit(tx, sealer))
  assert.deepEqual(findings, [])
  assert.equal(waiting, 0)
}

function write(tx: Tx): string {
  const id = newId()
  tx.audit({ action: 'a.write', subject: { kind: 'n', id } })
  return id
}

/** A writer whose lines are in the database and not committed, until it is told how it ends. */
async function openWriter(world: World, lines: number) {
  const [written, ends] = [Promise.withResolvers<string[]>(), Promise.withResolvers<boolean>()]
  const done = transact(world, system, async (tx) => {
    const ids = Array.from({ length: lines }, newId)
    // Past the sink of the transaction, which would write only after this function returned.
    const said = ids.map((id) => ({ action: 'a.open', subject: { kind: 'n', id } }))
    const nothing = { partnerId: null, reason: null, changes: null }
    await audit.write(
      { query: (text, values) => tx.rows(text, values) },
      new Date(),
      system,
      null,
      said.map((line) => ({ ...nothing, ...line })),
    )
    written.resolve(ids)
    if (!(await ends.promise)) throw new Error('rolled back')
  })
  done.catch((error: unknown) => written.reject(error))
  const ids = await written.promise
  const end = async (commits: boolean) => {
    ends.resolve(commits)
    await done.catch(() => {})
    return commits ? ids : []
  }
  return { world, end }
}

type Writer = Awaited<ReturnType<typeof openWriter>>

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('open'), lines: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit'), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback'), which: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('seal'), limit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('two sealers') }) },
)
type Step = { kind: string; lines?: number; which?: number; limit?: number }

/** The sealer is killed after its last statement and before its commit. */
async function crash(): Promise<void> {
  const work = transact(control, system, async (tx) => {
    await sealAudit(tx, sealer)
    throw new Error('killed')
  })
  await assert.rejects(work, /killed/)
}

async function replay(steps: readonly Step[]): Promise<string[]> {
  const open: Writer[] = []
  const committed: string[] = []
  const end = async (which: number, commits: boolean) => {
    const [writer] = open.splice(which % Math.max(open.length, 1), 1)
    if (writer) committed.push(...(await writer.end(commits)))
  }
  // A pool has four connections; the sealers need two of one.
  const freest = () => worlds.toSorted((a, b) => openIn(a) - openIn(b))[0]!
  const openIn = (world: World) => open.filter((writer) => writer.world === world).length
  try {
    for (const { kind, lines = 1, which = 0, limit = 1 } of steps) {
      if (kind === 'open' && open.length < 6) open.push(await openWriter(freest(), lines))
      else if (kind === 'commit') await end(which, true)
      else if (kind === 'rollback') await end(which, false)
      else if (kind === 'seal') await seal(limit)
      else if (kind === 'crash') await crash()
      else if (kind === 'two sealers') await Promise.all([seal(2), seal(3)])
    }
  } finally {
    while (open.length > 0) await end(0, open.length % 2 === 0)
  }
  return committed
}

test('any history of writers, sealers and crashes ends in a chain of every committed line, once', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
    const before = (await chained()).length
    const committed = await replay(steps)
    while ((await seal(7)).more);
    assert.deepEqual((await chained()).slice(before).toSorted(), committed.toSorted())
    await inOrder()
  })
  await fc.assert(property, { numRuns: 40 })
})

test('a line that began early and was committed late is sealed after those that overtook it', async () => {
  const late = await openWriter(control, 1)
  const early = await transact(control, system, async (tx) => write(tx))
  assert.equal((await seal()).count, 1)
  const [id] = await late.end(true)
  assert.equal((await seal()).count, 1)
  assert.deepEqual((await chained()).slice(-2), [early, id])
  await inOrder()
})

test('1,000 concurrent writers end while a sealer holds its batch open: no lock is shared', async () => {
  await Promise.all(Array.from({ length: 20 }, () => transact(control, system, async (tx) => write(tx))))
  const [sealed, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const sealing = transact(control, system, async (tx) => {
    await tx.rows(`set local idle_in_transaction_session_timeout = 0`)
    assert.equal((await sealAudit(tx, sealer)).count, 20)
    sealed.resolve()
    await finish.promise
  })
  await Promise.race([sealed.promise, sealing])
  const writers = Array.from({ length: 1000 }, (_, at) =>
    transact(worlds[at % 3]!, system, async (tx) => {
      // Far less than the sealer stays: a writer that waited for anything would fail.
      await tx.rows(`set local lock_timeout = '2s'`)
      return write(tx)
    }),
  )
  const ids = await Promise.all(writers)
  finish.resolve()
  await sealing
  while ((await seal()).more);
  assert.deepEqual((await chained()).slice(-1000).toSorted(), ids.toSorted())
  await inOrder()
})

test('a sealer does not wait for writers that have not committed', async () => {
  const writers = await Promise.all(worlds.map((world) => openWriter(world, 3)))
  await transact(control, system, async (tx) => write(tx))
  const { count } = await transact(control, system, async (tx) => {
    await tx.rows(`set local lock_timeout = '2s'`)
    return sealAudit(tx, sealer)
  })
  assert.equal(count, 1)
  for (const writer of writers) await writer.end(true)
  assert.equal((await seal()).count, 9)
  await inOrder()
})

test('sealers at once beside writers: every line once, by one of them', async () => {
  const before = (await chained()).length
  const ids: string[] = []
  const written = new AbortController()
  const sealers = [1, 2].map(async () => {
    let count = 0
    while (!written.signal.aborted) count += (await seal(50)).count
    return count
  })
  for (let round = 0; round < 10; round += 1) {
    const writers = Array.from({ length: 50 }, (_, at) =>
      transact(worlds[at % 3]!, system, async (tx) => write(tx)),
    )
    ids.push(...(await Promise.all(writers)))
  }
  written.abort()
  const counts = await Promise.all(sealers)
  const rest = (await seal()).count
  assert.equal((counts[0] ?? 0) + (counts[1] ?? 0) + rest, 500)
  assert.deepEqual((await chained()).slice(before).toSorted(), ids.toSorted())
  await inOrder()
})

test('the sealing follows by itself, keeps its end outside, and makes a last pass when it stops', async () => {
  const kept = Promise.withResolvers<Head>()
  const heads: Head[] = []
  const anchor: Anchor = {
    read: () => heads.at(-1) ?? null,
    write: (next) => {
      heads.push(next)
      kept.resolve(next)
    },
  }
  const sealing = createSealing({ control, digester: sealer, anchor, log: silentLog(), interval: 5 })
  sealing.start()
  await transact(control, system, async (tx) => write(tx))
  const first = await kept.promise
  await transact(control, system, async (tx) => write(tx))
  await sealing.stop()
  const verified = await transact(control, system, (tx) => verifyAudit(tx, sealer, heads))
  assert.deepEqual(verified, { head: heads.at(-1), waiting: 0, findings: [], complete: true })
  assert.equal(verified.head?.position, first.position + 1)
})

test('the sealing adds nothing to a chain that is not the one it knows, and says so', async () => {
  const id = await transact(control, system, async (tx) => write(tx))
  const anchor: Anchor = {
    read: () => ({ position: 1, hash: Buffer.alloc(32) }),
    write: () => assert.fail('what is known must not be forgotten'),
  }
  const errors: unknown[] = []
  const log = silentLog()
  log.error = (fields: unknown) => void errors.push(fields)
  const sealing = createSealing({ control, digester: sealer, anchor, log })
  await assert.rejects(sealing.sealNow(), /does not pass through 1 /)
  await sealing.stop()
  assert.match(JSON.stringify(errors), /audit.sealing_failed/)
  const waiting = await transact(control, system, (tx) => listUnsealed(tx, 10))
  assert.deepEqual(
    waiting.map((line) => line.subject?.id),
    [id],
  )
  assert.equal((await seal()).count, 1)
})
