/** The few requests that wait for the provider are found among many that wait for their partners. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { listSubmitted, statements } from '#/access/requests/store.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const { id: capabilityId } = await within((tx) =>
  declareCapability(tx, { name: 'designs', title: 'Designs', exposure: 'general' }),
)
const { owner } = database
await owner.query(
  `insert into control.identity_partner (id, slug, name) select uuidv7(), 'p' || n, 'P' from generate_series(1, 5000) n`,
)
await owner.query(
  `insert into control.access_request (id, partner_id, capability_id, form, state, requested_by, requested_as,
     submitted_by, submitted_at, reviewer, created_at, waits_for_partner)
   select uuidv7(interval '1 ms' * (n - 5000)), id, $1, '{"useCase": "x"}', 'in-review', gen_random_uuid(), 'member',
     gen_random_uuid(), now(), gen_random_uuid(), now(), n > 20
   from (select id, row_number() over (order by id) as n from control.identity_partner) as partner`,
  [capabilityId],
)
await owner.query('analyze control.access_request')

/** As `listSubmitted` asks for the first page. */
const asked = (tx: Tx) => [null, null, false, null, tx.now, null, 51]

test('those whose turn it is, by an index of theirs', async () => {
  const found = await within((tx) => listSubmitted(tx, { waiting: 'provider' }, { limit: 51 }))
  assert.equal(found.length, 20)
  assert.ok(found.every(({ waitsForPartner }) => !waitsForPartner))
  const plan = await within((tx) =>
    tx.rows<{ 'QUERY PLAN': string }>(`explain ${statements.listSubmitted}`, asked(tx)),
  )
  assert.match(plan.map((line) => line['QUERY PLAN']).join('\n'), /access_request_turn/)
})
