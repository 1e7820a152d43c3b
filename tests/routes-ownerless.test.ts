/**
 * The second wall alone: the enumeration of the Partner API again, with the ownership condition of every statement taken
 * out on its way to PostgreSQL. And that each table's row-level security holds up some of it: without it the enumeration
 * finds a breach, or a statement reads a row of somebody else, whatever becomes of it.
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
  assert.ok(forgotten.statements.size >= 40, `${forgotten.statements.size} statements lost their condition`)
  assert.deepEqual([...forgotten.strayed], [])
})

/** Runs it with these tables open to everybody, as if nobody had thought of their row-level security. */
async function withOpen<T>(tables: readonly string[], work: () => Promise<T>): Promise<T> {
  const turn = (how: 'disable' | 'enable') =>
    database.owner.query(tables.map((name) => `alter table ${name} ${how} row level security`).join('; '))
  await turn('disable')
  return work().finally(() => turn('enable'))
}

/** What is found, and which statements read another's row though nothing came of it. */
async function search(): Promise<string[]> {
  forgotten.strayed.clear()
  const strayed = () => forgotten.strayed.size > 0
  const found = await firstBreach(scene.stage, scene.parties, strayed)
  return [...found, ...forgotten.strayed]
}

/** Named by the statements above, and another's row in them is not to be had; why. */
const harmless: Readonly<Record<string, string>> = {
  identity_partner:
    'a partner is looked up by its own id, which comes from the credential and from no caller',
  access_agreement:
    'it is shown for a version that was sent, and the version is read behind a wall of its own',
  access_agreement_signature: 'it is found by the event that names it, which has a wall of its own',
  access_request_message:
    'it is found by its request, which is looked up first, and a foreign key gives both one partner',
}

test('with no statement asking and a table open, another’s rows are found in it', async (t) => {
  const named = (table: string) =>
    [...forgotten.statements].some((text) => new RegExp(`\\b${table}\\b`).test(text))
  const walls = owned.filter((table) => named(table) && !Object.hasOwn(harmless, table))
  assert.ok(walls.length >= 15, String(walls))
  for (const table of walls) {
    await t.test(table, async () => assert.notDeepEqual(await withOpen([table], search), []))
  }
  await t.test('and none in the others, nor when all of them are closed again', async () => {
    const others = owned.filter((table) => !walls.includes(table))
    assert.deepEqual(await withOpen(others, search), [])
    assert.deepEqual(await search(), [])
  })
})
