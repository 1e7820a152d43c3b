/** Whatever is changed, removed, put in or moved behind Portico's back is found, and named. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sealAudit, verifyAudit } from '#/governance/audit/audit.ts'
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

test('what nobody touched is in order', async () => {
  const verified = await tampered(async () => {})
  assert.deepEqual(verified.findings, [])
  assert.equal(verified.head?.position, lineCount)
  assert.equal(verified.waiting, 2)
})

test('another key finds nothing in order', async () => {
  const { findings } = await transact(database.control, system, (tx) => verifyAudit(tx, stranger))
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

test('an audit that was changed everywhere is told by its first hundred findings', async () => {
  const { findings, complete } = await tampered(async ({ run }) => {
    await run(`insert into governance_audit (id, at, actor_kind, actor_id, action, mac)
               select gen_random_uuid(), now(), 'system', 'x', 'a.b', decode(repeat('00', 32), 'hex')
               from generate_series(1, 150)`)
  })
  assert.deepEqual([findings.length, complete], [100, false])
})
