/** GET /partner/access: what a partner has, what it could ask for and why not, and nothing of what is hidden. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { accessOperation } from '#/access/decisions/operations.ts'
import { assignPackage, declarePackage, grantCapability, plainTerms } from '#/access/packages/packages.ts'
import { suspendPartner } from '#/identity/partners/partners.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { operationsScene } from '../../../tests/support/partner/operations.ts'

const scene = operationsScene(await testDatabase(), [accessOperation()])
const { inTx, ask } = scene

const ids = await inTx(async (tx) => {
  const exposures = {
    things: 'general',
    designs: 'general',
    trial: 'pilot',
    secret: 'dark',
    inside: 'internal',
  } as const
  const made: Record<string, string> = {}
  for (const [name, exposure] of Object.entries(exposures))
    made[name] = (await declareCapability(tx, { name, title: `The ${name}`, exposure })).id
  return made
})
const starter = await inTx((tx) =>
  declarePackage(tx, {
    name: 'starter',
    title: 'Starter',
    terms: {
      ...plainTerms(['things', 'secret', 'inside', 'trial']),
      limits: { burst: 10, perSecond: 2 },
      environments: ['live'],
    },
  }),
)

const outcomes = (body: { capabilities: { name: string; allow: boolean; reason: string | null }[] }) =>
  Object.fromEntries(body.capabilities.map(({ name, reason }) => [name, reason]))

describe('GET /partner/access', () => {
  test('another partner’s grant is not one’s own', async () => {
    const [mine, theirs] = [await scene.partner(), await scene.partner()]
    await inTx(async (tx) => {
      for (const { partnerId } of [mine.live, theirs.live]) await assignPackage(tx, partnerId, starter)
      const grant = { capabilityId: ids.designs!, granted: true, source: 'operator', sourceId: null } as const
      await grantCapability(tx, theirs.live.partnerId, grant)
    })
    assert.equal(outcomes((await ask(mine.live, 'getAccess')).body).designs, 'access.not_in_package')
    assert.equal(outcomes((await ask(theirs.live, 'getAccess')).body).designs, null)
  })

  test('200 with each capability, its trail and the way in; what is hidden is absent', async () => {
    const { live: key } = await scene.partner()
    await inTx((tx) => assignPackage(tx, key.partnerId, starter))
    const { status, body } = await ask(key, 'getAccess')
    assert.equal(status, 200)
    assert.deepEqual(body.package, {
      name: 'starter',
      title: 'Starter',
      version: 1,
      webhooks: true,
      support: 'standard',
      sla: null,
    })
    assert.deepEqual([body.environment, body.agreement], ['live', 'none'])
    assert.deepEqual(outcomes(body), {
      designs: 'access.not_in_package',
      things: null,
      trial: 'access.pilot_not_admitted',
    })
    const [designs, things] = body.capabilities
    assert.equal(designs.next[0].action, 'request-access')
    assert.deepEqual(things.limits, { burst: 10, perSecond: 2 })
    assert.equal(things.trail.length, 11)
    assert.doesNotMatch(JSON.stringify(body), /secret|inside/)
  })

  test('200 without a package, and in an environment that it does not include', async () => {
    const { live: key } = await scene.partner()
    const none = await ask(key, 'getAccess')
    assert.equal(none.body.package, null)
    assert.equal(outcomes(none.body).things, 'access.no_package')
    await inTx((tx) => assignPackage(tx, key.partnerId, starter))
    const sandbox = await ask({ ...key, environment: 'sandbox' }, 'getAccess')
    assert.equal(outcomes(sandbox.body).things, 'access.not_in_environment')
  })

  test('a suspension stands in the trail before everything else that is missing', async () => {
    const { live: key } = await scene.partner()
    await inTx((tx) => suspendPartner(tx, key.partnerId, 'test'))
    const { body } = await ask(key, 'getAccess')
    for (const { rule, reason } of body.capabilities)
      assert.deepEqual([rule, reason], ['partner', 'access.partner_suspended'])
  })
})
