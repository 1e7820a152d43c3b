/** Access in the running product: a pilot from the waitlist to its end, and an agreement that gives more until it ends. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { accessJourney, promptly } from '../support/access/journey.ts'

const portico = await accessJourney()
after(() => portico.stop())
const { admin, facts } = portico
const starter = portico.partner('starter')
const pro = portico.partner('pro')
const enterprise = portico.partner('enterprise')

/** What the partner is told of a capability. */
async function seen(partner: typeof pro, name: string) {
  const { status, body, text } = await partner('GET /partner/access')
  assert.equal(status, 200, text)
  return body.capabilities.find((each: { name: string }) => each.name === name)
}

describe('a pro partner and a pilot', () => {
  const proposals = () => pro('GET /api/proposals?limit=1')
  const place = '/partner/access/pilots/proposals/place'
  let pilot = ''

  test('the demo has it running with one place left', async () => {
    const { status, body } = await admin.ask('GET capabilities/proposals/pilot')
    assert.deepEqual([status, body.capacity, body.admitted, body.waiting], [200, 3, 2, 0])
    assert.ok(Date.parse(body.endsAt) > Date.now())
    pilot = body.id
    assert.equal((await proposals()).status, 200)
  })

  test('whoever is not in it is refused, whatever their package says, and told how to join', async () => {
    assert.equal((await pro(`DELETE ${place}`)).status, 204)
    await promptly(async () => (await proposals()).status === 403)
    const { body } = await proposals()
    assert.deepEqual([body.code, body.decision.rule], ['access.pilot_not_admitted', 'pilot'])
    assert.equal(body.next[0].action, 'join-pilot')
  })

  test('whoever waits is told so, is admitted in turn, and calls', async () => {
    const first = await starter(`POST ${place}`)
    assert.deepEqual([first.status, first.body.place, first.body.position], [200, 'waiting', 1])
    assert.equal((await pro(`POST ${place}`)).body.position, 2)
    await promptly(async () => (await proposals()).body.code === 'access.pilot_waiting')
    const next = await admin.ask(`POST pilots/${pilot}/admit`, { count: 1 })
    assert.deepEqual(next.body.admitted, [facts.partners.starter.id])
    assert.equal((await pro('GET /partner/access/pilots')).body.data[0].position, 1)
    const second = await admin.ask(`POST pilots/${pilot}/admit`, { count: 1 })
    assert.deepEqual([second.status, second.body.admitted], [200, [facts.partners.pro.id]])
    await promptly(async () => (await proposals()).status === 200)
    assert.equal((await seen(pro, 'proposals')).allow, true)
  })

  test('409 for more than there are places', async () => {
    const more = await admin.ask(`POST pilots/${pilot}/admit`, { partners: [facts.partners.enterprise.id] })
    assert.equal(more.status, 200, 'who is in it already takes no place')
    assert.equal((await admin.ask(`POST pilots/${pilot}/admit`, { count: 1 })).body.admitted.length, 0)
    const { status } = await admin.ask(`PATCH pilots/${pilot}`, { capacity: 2 })
    assert.equal(status, 422)
  })

  test('it ends at its time: the call is refused within a second, and nobody has to do anything', async () => {
    const endsAt = new Date(Date.now() + 2000)
    const changed = await admin.ask(`PATCH pilots/${pilot}`, { endsAt: endsAt.toISOString() })
    assert.equal(changed.status, 200)
    await promptly(async () => (await seen(pro, 'proposals')).validUntil === endsAt.toISOString())
    let answer = await proposals()
    for (; answer.status === 200; answer = await proposals())
      assert.ok(Date.now() < endsAt.getTime() + 1000, 'it goes on')
    assert.ok(Date.now() >= endsAt.getTime(), 'it ended early')
    assert.deepEqual([answer.status, answer.body.code], [403, 'access.pilot_ended'])
    assert.equal((await pro('GET /partner/access/pilots')).body.data[0].ended, true)
  })
})
