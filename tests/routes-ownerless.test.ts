/**
 * The second wall alone: the enumeration of the Partner API again, with the ownership condition of every statement taken
 * out on its way to PostgreSQL. And that each table's row-level security holds up some of it: without it the enumeration finds a breach.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { forgetOwners } from './support/ownership/forget.ts'
import { firstBreach, partnerFindings } from './support/routes/partner.ts'
import { ownedTables } from './support/ownership/owned.ts'
import { createScene } from './support/routes/scene.ts'
import { sessionFindings } from './support/routes/sessions.ts'

const database = await testDatabase()
const forgotten = forgetOwners(database)
const scene = await createScene(database)
const owned = await ownedTables(database.owner)

test('with no statement asking whose a row is, the Partner API answers as it did', async () => {
  assert.deepEqual(await partnerFindings(scene.stage, scene.parties), [])
  assert.deepEqual(await sessionFindings(scene, 'portal'), [])
  assert.ok(forgotten.size >= 20, `${forgotten.size} statements lost their condition`)
})

/** Runs it with these tables open to everybody, as if nobody had thought of their row-level security. */
async function withOpen<T>(tables: readonly string[], work: () => Promise<T>): Promise<T> {
  const turn = (how: 'disable' | 'enable') =>
    database.owner.query(tables.map((name) => `alter table ${name} ${how} row level security`).join('; '))
  await turn('disable')
  return work().finally(() => turn('enable'))
}

const search = () => firstBreach(scene.stage, scene.parties)

/** Named by the statements above, and another's row in them is not to be had; why. */
const harmless: Readonly<Record<string, string>> = {
  identity_partner:
    'a partner is looked up by its own id, which comes from the credential and from no caller',
}

test('with no statement asking and a table open, another’s rows are found in it', async (t) => {
  const named = (table: string) => [...forgotten].some((text) => new RegExp(`\\b${table}\\b`).test(text))
  const walls = owned.filter((table) => named(table) && !Object.hasOwn(harmless, table))
  assert.ok(walls.length >= 8, String(walls))
  for (const table of walls) {
    await t.test(table, async () => assert.notDeepEqual(await withOpen([table], search), []))
  }
  await t.test('and none in the others, nor when all of them are closed again', async () => {
    const others = owned.filter((table) => !walls.includes(table))
    assert.deepEqual(await withOpen(others, search), [])
    assert.deepEqual(await search(), [])
  })
})
