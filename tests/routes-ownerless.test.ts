/**
 * The second wall alone: the enumeration of the Partner API again, with the ownership condition of every statement taken
 * out on its way to PostgreSQL. And that each table's row-level security holds up some of it: without it the enumeration finds a breach.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { forgetOwners } from './support/ownership/forget.ts'
import { firstBreach, partnerFindings } from './support/routes/partner.ts'
import { ownedTables } from './support/ownership/owned.ts'
import { createScene } from './support/routes/scene.ts'

const database = await testDatabase()
const forgotten = forgetOwners(database)
const scene = await createScene(database)
const owned = await ownedTables(database.owner)

test('with no statement asking whose a row is, the Partner API answers as it did', async () => {
  assert.deepEqual(await partnerFindings(scene.stage, scene.parties), [])
  assert.ok(forgotten.size >= 20, `${forgotten.size} statements lost their condition`)
})

/** Tables of partners in which no operation of theirs looks for a row that somebody named, and why. */
const unreached: Readonly<Record<string, string>> = {
  identity_partner:
    'a partner is asked for by its own id, which comes from the credential and from no caller',
  access_assignment: 'is read by the gateway and by operators',
  governance_proposal: 'is between operators',
  usage_exchange: 'is written by the ingest; partners see the hours',
}

/** Runs it with these tables open to everybody, as if nobody had thought of their row-level security. */
async function withOpen<T>(tables: readonly string[], work: () => Promise<T>): Promise<T> {
  const turn = (how: 'disable' | 'enable') =>
    database.owner.query(tables.map((name) => `alter table ${name} ${how} row level security`).join('; '))
  await turn('disable')
  return work().finally(() => turn('enable'))
}

const search = () => firstBreach(scene.stage, scene.parties)

describe('with no statement asking, and a table open', () => {
  const reached = owned.filter((name) => !Object.hasOwn(unreached, name))
  for (const name of reached) {
    test(`${name}: another's rows are found`, async () => {
      assert.notDeepEqual(await withOpen([name], search), [])
    })
  }

  test('and nothing is in those that are not reached, nor with all of them closed again', async () => {
    assert.equal(reached.length + Object.keys(unreached).length, owned.length)
    assert.deepEqual(await withOpen(Object.keys(unreached), search), [])
    assert.deepEqual(await search(), [])
  })
})
