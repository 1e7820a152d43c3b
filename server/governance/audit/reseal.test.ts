/** Whoever has the whole database and knows how the chain is made, and has not the key, is found out. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createAnchor, refuseOtherKey, sealAudit, verifyAudit } from '#/governance/audit/audit.ts'
import { firstHash, hashOf, headMacOf, macOf } from '#/governance/audit/line.ts'
import { readChain } from '#/governance/audit/store.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { kinds, lineCount, tamperedAudit } from '../../../tests/support/audit/tampering.ts'
import type { Owner } from '../../../tests/support/audit/tampering.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const stranger = createSealer(Buffer.alloc(32, 8))
const database = await testDatabase()
const system = { kind: 'system', name: 'test' } as const
const { idAt, tampered } = await tamperedAudit(database, sealer)

test('lines that were removed at the end are found by the signed end', async () => {
  const { findings } = await tampered(({ run }) => cut(run, 20, false))
  assert.deepEqual(kinds(findings), [
    ['resealed', 20],
    ['removed', 21],
  ])
})

async function cut(run: Owner['run'], after: number, heads: boolean): Promise<void> {
  await run(
    `delete from governance_audit where id in (
       select audit_id from governance_audit_seal where position > $1
     )`,
    [after],
  )
  await run('delete from governance_audit_seal where position > $1', [after])
  if (heads) await run('delete from governance_audit_head where position > $1', [after])
}

test('an end that was cut off with all its signatures is found by what is kept outside the database', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-audit-'))
  after(() => rmSync(folder, { recursive: true }))
  const anchor = createAnchor(folder, sealer)
  assert.equal(anchor.read(), null)
  const { head } = await transact(database.control, system, (tx) => verifyAudit(tx, sealer))
  assert.ok(head)
  anchor.write(head)
  const known = anchor.read()
  assert.deepEqual(known, head)
  assert.ok(known)
  assert.deepEqual((await tampered(async () => {}, [known])).findings, [])
  for (const at of [18, 0]) {
    const unseen = await tampered(({ run }) => cut(run, at, true))
    assert.deepEqual(unseen.findings, [])
    const { findings } = await tampered(({ run }) => cut(run, at, true), [known])
    assert.deepEqual(kinds(findings), [['removed', at + 1]])
  }
  assert.throws(() => createAnchor(folder, stranger).read(), /key/)
  writeFileSync(join(folder, 'audit-head.json'), '{"position":1,"hash":"00","mac":"00"}')
  assert.throws(() => anchor.read(), /key/)
})

test('another key than the one the last end was signed with is refused, and no key before anything was signed', async () => {
  await transact(database.control, system, async (tx) => {
    await refuseOtherKey(tx, sealer)
    await assert.rejects(refuseOtherKey(tx, stranger), /another key; set PORTICO_KEY/)
  })
  const empty = await testDatabase()
  await transact(empty.control, system, (tx) => refuseOtherKey(tx, stranger))
})

/** What somebody would do who knows how the chain is made and has everything but the key. */
async function reseal(by: Owner, heads: 'kept' | 'forged'): Promise<void> {
  let before: Buffer = firstHash
  for (const [at, link] of (await readChain(by, '0', 1000)).entries()) {
    assert.ok(link.line)
    before = hashOf(before, link.line)
    await by.run('update governance_audit_seal set position = $2, hash = $3 where position = $1', [
      link.position,
      at + 1,
      before,
    ])
    if (heads === 'forged') {
      const mac = headMacOf(stranger, { position: at + 1, hash: before })
      await by.run('update governance_audit_head set hash = $2, mac = $3 where position = $1', [
        at + 1,
        before,
        mac,
      ])
    }
  }
}

for (const heads of ['kept', 'forged'] as const) {
  test(`a chain that was computed anew is found: heads ${heads}`, async () => {
    const removed = await tampered(async (by) => {
      await by.run('delete from governance_audit where id = $1', [idAt(10)])
      await by.run('delete from governance_audit_seal where position = 10')
      await reseal(by, heads)
    })
    const found = kinds(removed.findings)
    assert.ok(
      found.some(([kind, position]) => kind === 'resealed' && position === (heads === 'kept' ? 12 : 6)),
    )
    const moved = await tampered(async (by) => {
      const text = 'update governance_audit_seal set audit_id = $2 where position = $1'
      await by.run(text, [3, newId()])
      await by.run(text, [4, idAt(3)])
      await by.run(text, [3, idAt(4)])
      await reseal(by, heads)
    })
    assert.deepEqual(kinds(moved.findings), [['resealed', 6]])
    const changed = await tampered(async (by) => {
      const [link] = await readChain(by, '4', 1)
      assert.ok(link?.line)
      const line = { ...link.line, reason: 'another' }
      await by.run('update governance_audit set reason = $2, mac = $3 where id = $1', [
        line.id,
        line.reason,
        macOf(stranger, line),
      ])
      await reseal(by, heads)
    })
    assert.deepEqual(kinds(changed.findings), [
      ['changed', 5],
      ['resealed', 6],
    ])
  })
}

test('places that Portico never gave are found', async () => {
  const { findings } = await tampered(({ run }) =>
    run('insert into governance_audit_seal values (-3, gen_random_uuid(), $1)', [firstHash]),
  )
  assert.deepEqual(kinds(findings), [['resealed', -3]])
})

test('a chain that goes on unsigned is found', async () => {
  const { findings } = await tampered(({ run }) =>
    run('delete from governance_audit_head where position > 18'),
  )
  assert.deepEqual(kinds(findings), [['resealed', lineCount]])
})

test('nothing is added to a chain that was changed at its end', async () => {
  for (const [text, why] of [
    ['delete from governance_audit_seal where position = 23', /not signed/],
    [
      `update governance_audit_head set mac = decode(repeat('00', 32), 'hex') where position = 23`,
      /this key/,
    ],
    [`update governance_audit_seal set hash = decode(repeat('00', 32), 'hex') where position = 23`, /signed/],
  ] as const) {
    await tampered(async (by) => {
      await by.run(text)
      await assert.rejects(sealAudit(by, sealer), why)
    })
  }
  const known = { position: 20, hash: Buffer.alloc(32) }
  await tampered((by) => assert.rejects(sealAudit(by, sealer, { known }), /pass through 20/))
})

test('an end that was written down elsewhere and is not in the chain is found', async () => {
  const { findings } = await tampered(async () => {}, [{ position: 9, hash: Buffer.alloc(32) }])
  assert.deepEqual(kinds(findings), [['resealed', 9]])
})

test('an end that says another hash than the one it was signed for is found', async () => {
  const { findings } = await tampered(({ run }) =>
    run('update governance_audit_head set hash = $1 where position = 12', [Buffer.alloc(32)]),
  )
  assert.deepEqual(kinds(findings), [['resealed', 12]])
})
