/** Lists of a pilot with many places: each page is right whatever happened since the one before, and reads little. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import * as pilots from '#/access/pilots/pilots.ts'
import { statements } from '#/access/pilots/store.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const many = 3000

/** Names of partners, `p1` to `p3000`, joined in that order. */
const pilot = await within(async (tx) => {
  await declareCapability(tx, { name: 'designs', title: 'Designs', exposure: 'pilot' })
  return pilots.openPilot(tx, { capability: 'designs', capacity: many, endsAt: null })
})
await database.owner.query(
  `insert into control.identity_partner (id, slug, name)
   select uuidv7(), 'p' || n, 'P' from generate_series(1, $1::int) n`,
  [many],
)
await database.owner.query(
  `insert into control.access_pilot_place (id, pilot_id, partner_id, state, valid_from, recorded_at)
   select uuidv7(), $1, id, 'waiting', now(), now() - interval '1 hour' + interval '1 ms' * substr(slug, 2)::int
   from control.identity_partner`,
  [pilot.id],
)
await database.owner.query('vacuum (analyze) control.access_pilot_place')
const { rows } = await database.owner.query<{ id: string; slug: string }>(
  'select id, slug from control.identity_partner',
)
const slugs = new Map(rows.map(({ id, slug }) => [id, slug]))
const ids = new Map(rows.map(({ id, slug }) => [slug, id]))

async function page(state: pilots.PlaceState | undefined, after?: string) {
  const from = { limit: 2, ...(after && { after }) }
  const places = await within((tx) => pilots.listPlaces(tx, pilot.id, state, from))
  return places.map(({ id, partnerId, position }) => ({ id, at: `${slugs.get(partnerId)} ${position}` }))
}

test('a page goes on where the one before ended, also when that place has changed since', async () => {
  const [, second] = await page('waiting')
  assert.equal(second!.at, 'p2 2')
  await within((tx) => pilots.admit(tx, pilot.id, 1))
  await within((tx) => pilots.leave(tx, ids.get('p2')!, pilot.id))
  const next = await page('waiting', second!.id)
  assert.deepEqual(
    next.map(({ at }) => at),
    ['p3 1', 'p4 2'],
  )
  assert.deepEqual(
    (await page('waiting', next[1]!.id)).map(({ at }) => at),
    ['p5 3', 'p6 4'],
  )
  assert.deepEqual(
    (await page('admitted')).map(({ at }) => at),
    ['p1 null'],
  )
})

type Node = { 'Actual Rows': number; 'Node Type': string; Plans?: readonly Node[] }

/** Rows that were read, of whatever table. */
async function read(statement: string, values: readonly unknown[]): Promise<number> {
  const [found] = await within((tx) =>
    tx.rows<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (analyze, format json) ${statement}`, values),
  )
  const all = (node: Node): readonly Node[] => [node, ...(node.Plans ?? []).flatMap(all)]
  return all(found!['QUERY PLAN'][0]!.Plan)
    .filter((node) => node['Node Type'].endsWith(' Scan') && node['Node Type'] !== 'CTE Scan')
    .reduce((sum, node) => sum + node['Actual Rows'], 0)
}

test('who is next, a first page, and a last one where nobody waits, read no more than they hold', async () => {
  const all = await within((tx) => pilots.listPlaces(tx, pilot.id, undefined, { limit: many }))
  assert.ok((await read(statements.listWaiting, [pilot.id, 10])) <= 10)
  for (const [state, after] of [
    [null, null],
    ['waiting', null],
    [null, all.at(-2)!.id],
  ])
    assert.ok((await read(statements.listPlaces, [pilot.id, state, after, 51])) < 60, `${state} ${after}`)
})
