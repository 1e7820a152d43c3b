/** Whatever is changed, removed, put in or moved behind Portico's back is found, and named. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { createAnchor, createAuditSink, sealAudit, verifyAudit } from '#/governance/audit/audit.ts'
import type { Finding, Head } from '#/governance/audit/audit.ts'
import { firstHash, hashOf, headMacOf, macOf } from '#/governance/audit/line.ts'
import type { Rows } from '#/governance/audit/store.ts'
import { readChain } from '#/governance/audit/store.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const stranger = createSealer(Buffer.alloc(32, 8))
const database = await testDatabase()
const control = { ...database.control, audit: createAuditSink(sealer) }
const system = { kind: 'system', name: 'test' } as const
const admin = { kind: 'operator', id: newId(), role: 'admin' } as const

/** Four batches of lines in the chain, and two lines that wait for the fifth. */
const lineCount = 23
const ids = await prepare()

async function prepare(): Promise<string[]> {
  for (let n = 1; n <= lineCount + 2; n += 1) {
    const subject = n % 3 === 0 ? null : { kind: 'key', id: newId() }
    const line = { action: 'keys.revoke', subject, partnerId: newId(), reason: `r${n}`, changes: { n } }
    await transact(control, admin, async (tx) => tx.audit(line), '198.51.100.7')
    if (n === lineCount || (n < lineCount && n % 6 === 0))
      await transact(control, system, (tx) => sealAudit(tx, sealer))
  }
  const links = await transact(control, system, (tx) => readChain(tx, '0', 100))
  return links.map((link) => link.auditId)
}

type Owner = Rows & { run(text: string, values?: readonly unknown[]): Promise<void> }

/** Somebody who is the owner of the tables, and whose work is never committed. */
async function tampered(work: (owner: Owner) => Promise<void>, known: Head[] = []) {
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  await owner.query('begin; set local search_path to control')
  try {
    for (const table of ['', '_seal', '_head']) {
      await owner.query(`alter table governance_audit${table} disable trigger user`)
    }
    const rows = async <Row>(text: string, values: readonly unknown[] = []) =>
      (await owner.query(text, [...values])).rows as Row[]
    await work({ rows, run: async (text, values) => void (await rows(text, values)) })
    return await verifyAudit({ rows }, sealer, known)
  } finally {
    await owner.end()
  }
}

const kinds = (findings: readonly Finding[]) => findings.map(({ kind, position }) => [kind, position])
const idAt = (position: number) => ids[position - 1] ?? ''

test('what nobody touched is in order', async () => {
  const verified = await tampered(async () => {})
  assert.deepEqual(verified.findings, [])
  assert.equal(verified.head?.position, lineCount)
  assert.equal(verified.waiting, 2)
})

test('another key finds nothing in order', async () => {
  const { findings } = await transact(control, system, (tx) => verifyAudit(tx, stranger))
  assert.equal(findings.filter(({ kind }) => kind === 'changed').length, lineCount + 2)
})

/** Each column of a line, and something else in it. */
const changes: Readonly<Record<string, string>> = {
  at: `at + interval '1 microsecond'`,
  actor_kind: `'system'`,
  actor_id: 'gen_random_uuid()::text',
  actor_role: `'auditor'`,
  partner_id: 'null',
  address: `'203.0.113.1'`,
  action: `'keys.create'`,
  reason: `reason || ' '`,
  changes: `(changes::text || ' ')::json`,
  mac: `decode(repeat('00', 32), 'hex')`,
}

test('any change of any column of any line is found, and the line is named', async () => {
  const someChange = fc.record({
    position: fc.integer({ min: 1, max: lineCount }),
    column: fc.constantFrom(...Object.keys(changes)),
  })
  const property = fc.asyncProperty(someChange, async ({ position, column }) => {
    const { findings } = await tampered(({ run }) =>
      run(`update governance_audit set ${column} = ${changes[column] ?? ''} where id = $1`, [idAt(position)]),
    )
    assert.deepEqual(kinds(findings), [['changed', position]])
    assert.equal(findings[0]?.lineId, idAt(position))
  })
  await fc.assert(property, { numRuns: 60 })
})

test('a subject that was changed, or taken away, is found', async () => {
  for (const change of [`subject_id = 'x'`, `subject_kind = 'x'`, 'subject_id = null, subject_kind = null']) {
    const { findings } = await tampered(({ run }) =>
      run(`update governance_audit set ${change} where id = $1`, [idAt(7)]),
    )
    assert.deepEqual(kinds(findings), [['changed', 7]], change)
  }
})

test('a line that was removed is found, wherever it stood', async () => {
  for (const position of [1, 6, 12, lineCount]) {
    const { findings } = await tampered(({ run }) =>
      run('delete from governance_audit where id = $1', [idAt(position)]),
    )
    assert.deepEqual(kinds(findings), [['removed', position]])
  }
})

test('a line that was removed together with its place is found', async () => {
  const remove = async ({ run }: Owner, position: number) => {
    await run('delete from governance_audit where id = $1', [idAt(position)])
    await run('delete from governance_audit_seal where position = $1', [position])
  }
  const inside = await tampered((by) => remove(by, 8))
  assert.deepEqual(kinds(inside.findings), [['removed', 8]])
  const first = await tampered((by) => remove(by, 1))
  assert.deepEqual(kinds(first.findings), [['removed', 1]])
  const signed = await tampered((by) => remove(by, 12))
  assert.deepEqual(kinds(signed.findings), [
    ['removed', 12],
    ['removed', 12],
  ])
})

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
  const { head } = await transact(control, system, (tx) => verifyAudit(tx, sealer))
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

const insertedLine = `
  insert into governance_audit (id, at, actor_kind, actor_id, action, mac)
  values ($1, now(), 'operator', 'x', 'keys.revoke', $2)`

test('a line that was put in is found: beside the chain, in its queue, and sealed by Portico', async () => {
  const id = newId()
  const mac = Buffer.alloc(32)
  const beside = await tampered(({ run }) => run(insertedLine, [id, mac]))
  assert.deepEqual(
    beside.findings.map(({ kind, lineId }) => [kind, lineId]),
    [
      ['unsealed', id],
      ['changed', id],
    ],
  )
  const queued = await tampered(async ({ run }) => {
    await run(insertedLine, [id, mac])
    await run('insert into governance_audit_unsealed values ($1)', [id])
  })
  assert.deepEqual(kinds(queued.findings), [['changed', null]])
  const sealed = await tampered(async (by) => {
    await by.run(insertedLine, [id, mac])
    await by.run('insert into governance_audit_unsealed values ($1)', [id])
    const { forged } = await sealAudit(by, sealer)
    assert.deepEqual(forged, [id])
  })
  assert.deepEqual(
    sealed.findings.map(({ kind, lineId }) => [kind, lineId]),
    [['changed', id]],
  )
})

test('a line that was removed before it was sealed is found', async () => {
  const { findings } = await tampered(({ run }) =>
    run(
      `delete from governance_audit where id = (select max(audit_id::text)::uuid from governance_audit_unsealed)`,
    ),
  )
  assert.deepEqual(kinds(findings), [['removed', null]])
})

test('a seal that was removed, with its line put in the queue again, is found', async () => {
  const { findings } = await tampered(async ({ run }) => {
    await run('delete from governance_audit_seal where position = 9')
    await run('insert into governance_audit_unsealed values ($1)', [idAt(9)])
  })
  assert.deepEqual(kinds(findings), [['removed', 9]])
  const again = await tampered(({ run }) =>
    run('insert into governance_audit_unsealed values ($1)', [idAt(9)]),
  )
  assert.deepEqual(kinds(again.findings), [['moved', null]])
})

test('any two lines that changed places are found, and both are named', async () => {
  const places = fc
    .uniqueArray(fc.integer({ min: 1, max: lineCount }), { minLength: 2, maxLength: 2 })
    .map((pair) => pair.toSorted((a, b) => a - b))
  const property = fc.asyncProperty(places, async ([one = 0, other = 0]) => {
    const { findings } = await tampered(async ({ run }) => {
      const text = 'update governance_audit_seal set audit_id = $2 where position = $1'
      await run(text, [one, newId()])
      await run(text, [other, idAt(one)])
      await run(text, [one, idAt(other)])
    })
    assert.deepEqual(kinds(findings), [
      ['moved', one],
      ['moved', other],
    ])
  })
  await fc.assert(property, { numRuns: 30 })
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

test('an audit that was changed everywhere is told by its first hundred findings', async () => {
  const { findings, complete } = await tampered(async ({ run }) => {
    await run(`insert into governance_audit (id, at, actor_kind, actor_id, action, mac)
               select gen_random_uuid(), now(), 'system', 'x', 'a.b', decode(repeat('00', 32), 'hex')
               from generate_series(1, 150)`)
  })
  assert.deepEqual([findings.length, complete], [100, false])
})

test('an end that was written down elsewhere and is not in the chain is found', async () => {
  const { findings } = await tampered(async () => {}, [{ position: 9, hash: Buffer.alloc(32) }])
  assert.deepEqual(kinds(findings), [['resealed', 9]])
})
