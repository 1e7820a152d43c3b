/** What is written as lines is read as it was, whatever it holds, and of those that were asked for alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import {
  inMilliseconds,
  lines,
  ofPartners,
  parseLines,
  partnersNamed,
  readLines,
} from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const table = 'control.kernel_lines_test'
await database.owner.query(
  `create table ${table} (partner_id uuid, name text, value jsonb, said_at timestamptz)`,
)
await database.owner.query(`grant select, insert, delete on ${table} to public`)

const ids = [3, 1, 2, 4].map((n) => `${n}0000000-0000-4000-8000-00000000000a`)
const [third, first, second, fourth] = ids as [string, string, string, string]
const statement = `
  select ${lines('partner_id', 'name', 'value', inMilliseconds('said_at'))} from ${table}
  where ${ofPartners} and ($4::timestamptz is null or said_at <= $4)`

type Row = { partnerId: string; name: string; value: unknown; at: Date }

async function fill(tx: Tx, rows: readonly Row[]): Promise<void> {
  await tx.rows(`delete from ${table}`)
  for (const { partnerId, name, value, at } of rows)
    await tx.rows(`insert into ${table} values ($1, $2, $3, $4)`, [
      partnerId,
      name,
      JSON.stringify(value),
      at,
    ])
}

test('any text and any JSON come back as they were, each with its partner', async () => {
  const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'))
  const row = fc.record({
    partnerId: fc.constantFrom(...ids),
    name: fc.oneof(text, fc.constantFrom('a\nb', '\u2028', '"]\\n[')),
    value: fc.oneof(text, fc.integer(), fc.boolean(), fc.constant({ a: ['\n', null] })),
    at: fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 5 }), async (rows) => {
      const found = await within(async (tx) => {
        await fill(tx, rows)
        return readLines(tx, statement, partnersNamed(ids), null)
      })
      const read = [...found].flatMap(([partnerId, own]) =>
        (parseLines(own) as [string, unknown, number][]).map(([name, value, at]) => {
          return { partnerId, name, value, at: new Date(at) }
        }),
      )
      const sorted = (all: readonly Row[]) => all.map((each) => JSON.stringify(each)).toSorted()
      assert.deepEqual(sorted(read), sorted(rows))
    }),
    { numRuns: 60 },
  )
})

test('of a range all, of names those alone, of nobody nothing, and nothing that was said later', async () => {
  const at = new Date(1000)
  await within((tx) =>
    fill(
      tx,
      ids.map((partnerId) => ({ partnerId, name: 'a', value: 1, at })),
    ),
  )
  const named = async (partners: Partners, knownAt: Date | null) =>
    [...(await within((tx) => readLines(tx, statement, partners, knownAt))).keys()].toSorted()
  assert.deepEqual(await named({ first, last: third, named: null }, null), [first, second, third])
  assert.deepEqual(await named(partnersNamed([fourth, second]), null), [second, fourth])
  assert.deepEqual(await named(partnersNamed([third]), null), [third])
  assert.deepEqual(await named(partnersNamed([]), null), [])
  assert.deepEqual(await named(partnersNamed([third]), new Date(999)), [])
  assert.deepEqual(await named(partnersNamed([third]), at), [third])
})

test('milliseconds are those of the decimal form, to the microsecond', async () => {
  const { rows } = await database.owner.query<{ fast: number; exact: number }>(`
    select ${inMilliseconds('t')} as fast, (extract(epoch from t) * 1000)::float8 as exact
    from (
      select timestamptz '1970-01-01Z' + n * interval '2 days 7 hours 3.000001 seconds' as t
      from generate_series(0, 20000) as n
    ) as times`)
  assert.ok(rows.length > 20_000)
  assert.deepEqual(
    rows.find(({ fast, exact }) => fast !== exact),
    undefined,
  )
})
