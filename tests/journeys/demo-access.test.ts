/** The demo's access from start to start: made once, as the file says, and a change by hand shows and stays. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { accessJourney } from '../support/access/journey.ts'
import { dataFolder, runPortico } from '../support/portico.ts'

const data = dataFolder()
let portico = await accessJourney(data)
after(() => portico.stop())

const plan = () => runPortico({ PORTICO_DATA: data }, ['scripts/portico.ts', 'plan'])

/** What the seeds make, and what they ever did. */
async function state() {
  const { admin, facts } = portico
  const { body: pilot } = await admin.ask('GET capabilities/proposals/pilot')
  const { body: places } = await admin.ask(`GET pilots/${pilot.id}/places`)
  const { body: agreements } = await admin.ask(`GET partners/${facts.partners.enterprise.id}/agreements`)
  const { body: audit } = await admin.ask('GET audit?limit=100')
  const done = audit.data.filter(({ actor }: { actor: { id: string } }) => actor.id === 'demo')
  assert.ok(done.some(({ action }: { action: string }) => action === 'agreements.sign'))
  return { pilot, places, agreements, done }
}

test('plan has nothing to do right after a start', async () => {
  const { code, output } = await plan()
  assert.deepEqual([code, output], [0, 'Nothing to do.\n'])
})

test('a second start changes nothing', async () => {
  const before = await state()
  assert.equal(before.pilot.admitted, 2)
  assert.equal(before.agreements.data.length, 1)
  assert.equal(await portico.stop(), 0)
  portico = await accessJourney(data)
  assert.deepEqual(await state(), before)
})

test('a change by hand shows with who made it, is not overwritten by an apply, and survives a start', async () => {
  const hand = { title: 'Proposals for roofs' }
  assert.equal((await portico.admin.ask('PATCH capabilities/proposals', hand)).status, 200)
  const said =
    /capabilities\.proposals\.title: the file says Proposals, what runs is Proposals for roofs \(operator/
  const planned = await plan()
  assert.equal(planned.code, 0, planned.output)
  assert.match(planned.output, said)
  const applied = await runPortico({ PORTICO_DATA: data }, ['scripts/portico.ts', 'apply'])
  assert.equal(applied.code, 0, applied.output)
  assert.equal(await portico.stop(), 0)
  portico = await accessJourney(data)
  assert.equal((await portico.admin.ask('GET capabilities/proposals')).body.title, hand.title)
  assert.match((await plan()).output, said)
})
