/** Lines come with their commit, are written once, and are found again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuditSink, exportAudit, listAudit, listPartnerAudit } from '#/governance/audit/audit.ts'
import type { AuditEntry, AuditFilter } from '#/governance/audit/audit.ts'
import { sealAudit } from '#/governance/audit/chain.ts'
import { hashOf, firstHash } from '#/governance/audit/line.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, AuditLine, Tx, World } from '#/kernel/db/db.ts'
import type { Page, PageQuery } from '#/kernel/http/http.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const audit = createAuditSink(sealer)
let wall = Date.parse('2026-11-01T12:00:00.000Z')
const clock = { ...systemClock(), wall: () => wall }
const database = await testDatabase(clock)
const worlds = {
  control: { ...database.control, audit },
  live: { ...database.live, audit },
  sandbox: { ...database.sandbox, audit },
}
const system = { kind: 'system', name: 'test' } as const
const admin = { kind: 'operator', id: newId(), role: 'admin' } as const

type Said = Pick<AuditLine, 'action'> & Partial<AuditLine>

/** Somebody does something, a millisecond after the last one. */
async function done(actor: Actor, line: Said, world: World = worlds.control): Promise<void> {
  wall += 1
  await transact(world, actor, async (tx) => tx.audit(line), '198.51.100.7')
}

const read = <T>(work: (tx: Tx) => Promise<T>, actor: Actor = admin) => transact(worlds.control, actor, work)

async function everything(filter: AuditFilter) {
  return (await read((tx) => listAudit(tx, sealer, filter, { limit: 1000 }))).data
}

test('a line says who, when, from where, what, why and what changed', async () => {
  const partnerId = newId()
  await done(admin, {
    action: 'partners.suspend',
    subject: { kind: 'partner', id: partnerId },
    partnerId,
    reason: 'unpaid',
    changes: { state: ['active', 'suspended'], amount: 12n },
  })
  const [line] = await everything({ partnerId })
  assert.deepEqual(line, {
    id: line?.id,
    at: new Date(wall),
    actor: { kind: 'operator', id: admin.id, role: 'admin' },
    partnerId,
    address: '198.51.100.7',
    action: 'partners.suspend',
    subject: { kind: 'partner', id: partnerId },
    reason: 'unpaid',
    changes: { state: ['active', 'suspended'], amount: '12' },
  })
})

test('every kind of actor, in every world', async () => {
  const [partnerId, id] = [newId(), newId()]
  await done(system, { action: 'a.system', partnerId }, worlds.sandbox)
  await done({ kind: 'service', id, role: 'support' }, { action: 'a.service', partnerId }, worlds.live)
  await done({ kind: 'member', id, partnerId, role: 'owner' }, { action: 'a.member' })
  await done({ kind: 'application', id, partnerId }, { action: 'a.application' }, worlds.sandbox)
  assert.deepEqual(
    (await everything({ partnerId })).map(({ actor }) => actor),
    [
      { kind: 'application', id, role: null },
      { kind: 'member', id, role: 'owner' },
      { kind: 'service', id, role: 'support' },
      { kind: 'system', id: 'test', role: null },
    ],
  )
})

test('a transaction that fails leaves no line', async () => {
  const subject = { kind: 'thing', id: newId() }
  const work = transact(worlds.control, admin, async (tx) => {
    tx.audit({ action: 'a.failed', subject })
    throw new Error('stop')
  })
  await assert.rejects(work, /stop/)
  assert.deepEqual(await everything({ subjectId: subject.id }), [])
})

test('a text that PostgreSQL cannot hold does not undo the deed', async () => {
  const subject = { kind: 'thing', id: newId() }
  await done(admin, { action: 'a.odd', subject, reason: 'a\0b\ud800', changes: { of: 'c\0d\udfff' } })
  const [line] = await everything({ subjectId: subject.id })
  assert.equal(line?.reason, 'ab\ufffd')
  assert.deepEqual(line?.changes, { of: 'cd\ufffd' })
})

test('a line of one partner cannot be written in the name of another', async () => {
  const actor = { kind: 'member', id: newId(), partnerId: newId(), role: 'owner' } as const
  await assert.rejects(done(actor, { action: 'a.foreign', partnerId: newId() }), /row-level security/)
})

for (const name of ['control', 'live', 'sandbox'] as const) {
  test(`the role of ${name} can neither change nor remove what was written`, async () => {
    for (const table of ['governance_audit', 'governance_audit_seal', 'governance_audit_head']) {
      for (const text of [
        `update control.${table} set mac = null`,
        `delete from control.${table}`,
        `truncate control.${table}`,
      ]) {
        await assert.rejects(database[name].pool.query(text.replace('seal set mac', 'seal set hash')), {
          code: '42501',
        })
      }
    }
  })
}

test('filters: actor, action, area, subject, from and to', async () => {
  const actor = { kind: 'operator', id: newId(), role: 'support' } as const
  const subject = { kind: 'key', id: newId() }
  const started = wall
  for (const action of ['keys.revoke', 'keys.rotate', 'keysmith.call', 'keys.revoked']) {
    await done(actor, { action, subject: action === 'keys.rotate' ? null : subject })
  }
  const actions = async (filter: AuditFilter) =>
    (await everything({ actorId: actor.id, ...filter })).map((line) => line.action)
  assert.deepEqual(await actions({}), ['keys.revoked', 'keysmith.call', 'keys.rotate', 'keys.revoke'])
  assert.deepEqual(await actions({ action: 'keys.revoke' }), ['keys.revoke'])
  assert.deepEqual(await actions({ action: 'keys' }), ['keys.revoked', 'keys.rotate', 'keys.revoke'])
  assert.deepEqual(await actions({ subjectKind: 'key', subjectId: subject.id }), [
    'keys.revoked',
    'keysmith.call',
    'keys.revoke',
  ])
  const [from, to] = [new Date(started + 2), new Date(started + 4)]
  assert.deepEqual(await actions({ from, to }), ['keysmith.call', 'keys.rotate'])
})

test('pages neither skip nor repeat, also within one millisecond, and while lines are added', async () => {
  const actor = { kind: 'operator', id: newId(), role: 'support' } as const
  const ids: string[] = []
  await transact(worlds.control, actor, async (tx) => {
    for (let n = 0; n < 25; n += 1) {
      const subject = { kind: 'n', id: newId() }
      ids.push(subject.id)
      tx.audit({ action: 'a.page', subject })
    }
  })
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const query: PageQuery = { limit: 10, ...(cursor !== undefined && { cursor }) }
    const page: Page<AuditEntry> = await read((tx) => listAudit(tx, sealer, { actorId: actor.id }, query))
    seen.push(...page.data.map((line) => line.subject?.id ?? ''))
    await done(actor, { action: 'a.page' })
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  assert.deepEqual(seen.toSorted(), ids.toSorted())
})

test('400 for a cursor of another list, another filter, or none of ours', async () => {
  const partnerId = newId()
  for (let n = 0; n < 3; n += 1) await done(admin, { action: 'a.cursor', partnerId })
  const first = await read((tx) => listAudit(tx, sealer, { partnerId }, { limit: 1 }))
  const its = await read((tx) => listPartnerAudit(tx, sealer, partnerId, {}, { limit: 1 }))
  const [cursor, own] = [first.nextCursor ?? '', its.nextCursor ?? '']
  assert.ok(cursor && own)
  const refused = { message: /http\.bad_cursor/ }
  await assert.rejects(
    read((tx) => listAudit(tx, sealer, {}, { limit: 1, cursor })),
    refused,
  )
  await assert.rejects(
    read((tx) => listAudit(tx, sealer, { partnerId }, { limit: 1, cursor: own })),
    refused,
  )
  await assert.rejects(
    read((tx) => listPartnerAudit(tx, sealer, partnerId, {}, { limit: 1, cursor })),
    refused,
  )
  await assert.rejects(
    read((tx) => listAudit(tx, sealer, { partnerId }, { limit: 1, cursor: 'x' })),
    refused,
  )
})

test('a partner sees its own lines; of the provider, that it acted and not who, from where or why', async () => {
  const [partnerId, other, subject] = [newId(), newId(), { kind: 'key', id: newId() }]
  const owner = { kind: 'member', id: newId(), partnerId, role: 'owner' } as const
  await done(owner, { action: 'keys.create', subject, changes: { scopes: ['usage:read'] } })
  await done(admin, {
    action: 'keys.revoke',
    subject,
    partnerId,
    reason: 'leaked',
    changes: { by: admin.id },
  })
  await done({ kind: 'service', id: newId(), role: 'admin' }, { action: 'keys.service', partnerId })
  await done(system, { action: 'keys.expire', subject, partnerId, reason: 'r', changes: { a: 1 } })
  await done(admin, { action: 'keys.revoke', partnerId: other })
  await done(admin, { action: 'keys.none' })
  const { data } = await read((tx) => listPartnerAudit(tx, sealer, partnerId, {}, { limit: 10 }), owner)
  const withheld = { address: null, reason: null, changes: null }
  const nobody = (kind: string) => ({ actor: { kind, id: null, role: null }, ...withheld })
  assert.deepEqual(
    data.map(({ id: _, at: __, ...entry }) => entry),
    [
      { action: 'keys.expire', subject, ...nobody('system') },
      { action: 'keys.service', subject: null, ...nobody('operator') },
      { action: 'keys.revoke', subject, ...nobody('operator') },
      {
        action: 'keys.create',
        subject,
        actor: { kind: 'member', id: owner.id, role: 'owner' },
        address: '198.51.100.7',
        reason: null,
        changes: { scopes: ['usage:read'] },
      },
    ],
  )
  const text = JSON.stringify(data)
  assert.ok(!text.includes(admin.id) && !text.includes('leaked') && !text.includes(other))
})

test('row-level security alone keeps the lines of others from a member', async () => {
  const [mine, other] = [newId(), newId()]
  await done(admin, { action: 'a.wall', partnerId: mine })
  await done(admin, { action: 'a.wall', partnerId: other })
  await done(admin, { action: 'a.wall' })
  const member = { kind: 'member', id: newId(), partnerId: mine, role: 'owner' } as const
  const { data } = await read((tx) => listAudit(tx, sealer, { action: 'a.wall' }, { limit: 10 }), member)
  assert.deepEqual(
    data.map((line) => line.partnerId),
    [mine],
  )
})

test('an export is the chain: whoever has it all can compute it, and can continue where it ended', async () => {
  await done(admin, { action: 'a.export', reason: '"quoted"\n', changes: { a: { b: [1, 'ü'] } } })
  await read((tx) => sealAudit(tx, sealer), system)
  const whole = await lines(exportAudit(read, {}, { batch: 3 }))
  const stored = await everything({})
  assert.equal(whole.length, stored.length)
  let before: Buffer = firstHash
  for (const [at, text] of whole.entries()) {
    const found = JSON.parse(text) as { position: number; hash: string; line: Parameters<typeof hashOf>[1] }
    const written = text.slice(text.indexOf(',"line":') + 8, -1)
    const changes = written.slice(written.indexOf(',"changes":') + 11, -1)
    before = hashOf(before, { ...found.line, changes: changes === 'null' ? null : changes })
    assert.equal(found.position, at + 1)
    assert.equal(found.hash, before.toString('hex'))
  }
  const later = await lines(exportAudit(read, {}, { after: 5, batch: 2 }))
  assert.deepEqual(later, whole.slice(5))
  const filtered = await lines(exportAudit(read, { action: 'a.export' }))
  assert.deepEqual(filtered, whole.slice(-1))
})

async function lines(parts: AsyncIterable<string>): Promise<string[]> {
  return (await Array.fromAsync(parts)).join('').split('\n').slice(0, -1)
}
