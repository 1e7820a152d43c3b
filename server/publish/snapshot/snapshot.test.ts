/** The snapshot says what the tables say, soon after they say it, whatever becomes of its connections. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { declareCapability, exposures } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { assignPackage, declarePackage, findPackage, plainTerms } from '#/access/packages/packages.ts'
import { declareUpstream, publishContract, withdrawOthers } from '#/contracts/published/published.ts'
import type { Decision, Route, Snapshot } from '#/gateway/gateway.ts'
import { createApplication } from '#/identity/applications/applications.ts'
import type { Environment } from '#/identity/applications/applications.ts'
import { createKey, deriveDemoKey, parseKey, revokeKey } from '#/identity/keys/keys.ts'
import { createPartner, resumePartner, suspendPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { createSnapshot } from '#/publish/snapshot/snapshot.ts'
import { expose } from '../../../tests/support/access/exposure.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const clock = systemClock()
const own = { version: '1', operations: [] }
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const upstream = { name: 'main', live: 'http://live.invalid', sandbox: 'http://sandbox.invalid' }
const times = { connectTimeout: 1000, headersTimeout: 1000, idleTimeout: 1000 }

/** An operation for each capability, `GET /<capability>`. */
function contract(name: string, capabilities: readonly string[], version = '1.0.0') {
  const paths = Object.fromEntries(
    capabilities.map((capability) => [
      `/${name}/${capability}`,
      { get: { 'x-portico-capability': capability, responses: { 204: { description: 'Nothing' } } } },
    ]),
  )
  const document = { openapi: '3.1.0', info: { title: name, version }, paths }
  const sha256 = createHash('sha256').update(JSON.stringify(document)).digest('hex')
  return { name, upstream: 'main', document, sha256, version, defaultClass: null }
}

await within(async (tx) => {
  await declareUpstream(tx, { ...upstream, ...times })
  await publishContract(tx, contract('first', [...exposures, 'undeclared']))
  for (const exposure of exposures) await declareCapability(tx, { name: exposure, title: exposure, exposure })
  await declarePackage(tx, { name: 'all', title: 'All', terms: plainTerms(exposures) })
  await declarePackage(tx, { name: 'half', title: 'Half', terms: plainTerms(['dark', 'pilot', 'retired']) })
  await declarePackage(tx, { name: 'none', title: 'None', terms: plainTerms([]) })
})

let count = 0

async function partnerOn(packageName: string | null, environment: Environment = 'live') {
  const slug = `partner-${(count += 1)}`
  return within(async (tx) => {
    const partner = await createPartner(tx, { slug, name: 'Partner' })
    if (packageName) await assignPackage(tx, partner.id, await findPackage(tx, packageName))
    const application = await createApplication(tx, partner.id, { environment, name: 'App' })
    const key = await createKey(tx, partner.id, application.id, { label: 'Key' })
    return { id: partner.id, applicationId: application.id, keyId: key.id, key: key.key }
  })
}

const snapshot = await createSnapshot({ database, clock, log: silentLog(), own })
after(() => snapshot.stop())

function credentialOf(key: string, known: Snapshot = snapshot.current()) {
  const parsed = parseKey(key)
  return known.credential(parsed.ok ? parsed.digest : '')
}

/** Milliseconds until it is so; throws after ten seconds. */
async function until(isSo: () => boolean): Promise<number> {
  const started = performance.now()
  while (!isSo()) {
    assert.ok(performance.now() - started < 10_000, 'it did not come about within ten seconds')
    await delay(2)
  }
  return performance.now() - started
}

async function lastChange(): Promise<number> {
  const { rows } = await database.control.pool.query<{ last: string }>(
    'select last from kernel_change_counter',
  )
  return Number(rows[0]!.last)
}

async function caughtUp(): Promise<void> {
  const version = await lastChange()
  await until(() => snapshot.state().version >= version)
}

function routeTo(capability: string): Route {
  const match = snapshot.current().match('GET', `/first/${capability}`)
  assert.ok(match.kind === 'found', capability)
  return match.route
}

const wordsOf = (decision: Decision) =>
  decision.allow ? 'allow' : `${decision.problem.status} ${decision.problem.code}`

describe('decisions', () => {
  const contents: Readonly<Record<string, readonly string[]>> = {
    all: exposures,
    half: ['dark', 'pilot', 'retired'],
    none: [],
  }

  /** As a reader of the rules would say it. */
  function naive(
    exposure: Exposure | undefined,
    name: string,
    on: string | null,
    suspended: boolean,
  ): string {
    if (exposure === undefined) return '404 access.no_capability'
    if (!['pilot', 'general', 'deprecated'].includes(exposure)) return '404 access.not_visible'
    if (suspended) return '403 access.partner_suspended'
    if (on === null || exposure === 'pilot')
      return `403 access.${on === null ? 'no_package' : 'pilot_not_admitted'}`
    return contents[on]!.includes(name) ? 'allow' : '403 access.not_in_package'
  }

  test('are those of the tables for every exposure, package and state, and follow every change', async () => {
    const partners = await Promise.all(
      ['all', 'half', 'none', null].flatMap((on) =>
        [false, true].map(async (suspended) => ({ on, suspended, ...(await partnerOn(on)) })),
      ),
    )
    for (const { id, suspended } of partners) {
      if (suspended) await within((tx) => suspendPartner(tx, id, 'test'))
    }
    const current = new Map<string, Exposure>(exposures.map((exposure) => [exposure, exposure]))
    const checkAll = async () => {
      await caughtUp()
      for (const { on, suspended, key } of partners) {
        const { application } = credentialOf(key)!
        for (const name of [...exposures, 'undeclared']) {
          const exposure = current.get(name)
          const expected = naive(exposure, name, on, suspended)
          const route = routeTo(name)
          assert.equal(wordsOf(snapshot.current().decide(application, route)), expected, `${on} ${name}`)
          assert.equal(snapshot.current().hidden(route), expected.startsWith('404'), `${on} ${name}`)
        }
      }
    }
    await checkAll()
    // Each capability takes the exposure of another (the first becomes general); partners change state and package.
    for (const [i, name] of exposures.entries()) {
      const exposure = name === 'retired' ? name : exposures[(i + 3) % exposures.length]!
      current.set(name, exposure)
      await expose(database.control, name, exposure)
    }
    for (const partner of partners) {
      partner.suspended = !partner.suspended
      partner.on = partner.on === 'half' ? 'all' : 'half'
      await within(async (tx) => {
        await assignPackage(tx, partner.id, await findPackage(tx, partner.on!))
        await (partner.suspended ? suspendPartner : resumePartner)(tx, partner.id, 'test')
      })
    }
    await checkAll()
  })
})

describe('keys', () => {
  test('a sandbox key never resolves to a live application, nor the other way round', async () => {
    const keys = await Promise.all(
      (['live', 'sandbox', 'live', 'sandbox'] as const).map(async (environment) => ({
        environment,
        ...(await partnerOn('all', environment)),
      })),
    )
    await caughtUp()
    for (const { environment, key, applicationId, keyId } of keys) {
      const credential = credentialOf(key)
      assert.deepEqual(credential?.application.id, applicationId)
      assert.equal(credential.id, keyId)
      assert.equal(credential.application.environment, environment)
    }
  })

  test('a key that was never issued is unknown, and one that expires says when', async () => {
    assert.equal(credentialOf(deriveDemoKey('never', 'issued', 'live')), undefined)
    const { id, applicationId } = await partnerOn('all')
    const expiresAt = new Date(Date.now() + 3_600_000)
    const { key } = await within((tx) => createKey(tx, id, applicationId, { label: 'Short', expiresAt }))
    await caughtUp()
    assert.equal(credentialOf(key)?.expiresAt, expiresAt.getTime())
  })

  test('a revocation is known within a second, and is not in the future', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, key, keyId } = await partnerOn('all')
      await until(() => credentialOf(key)?.revokedAt === null)
      await within((tx) => revokeKey(tx, id, keyId, 'test'))
      const took = await until(() => credentialOf(key)!.revokedAt !== null)
      assert.ok(took < 1000, `${took} ms`)
      assert.ok(credentialOf(key)!.revokedAt! <= clock.wall())
    }
  })

  test('also when the connection that listens is lost at that moment', async () => {
    const kill =
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portico listen'"
    for (let round = 0; round < 5; round += 1) {
      const { id, key, keyId } = await partnerOn('all')
      await until(() => credentialOf(key)?.revokedAt === null)
      const owner = new pg.Client({ connectionString: database.ownerUrl })
      await owner.connect()
      await owner.query(`${kill} and datname = current_database()`)
      await within((tx) => revokeKey(tx, id, keyId, 'test'))
      await owner.end()
      const took = await until(() => credentialOf(key)!.revokedAt !== null)
      assert.ok(took < 1000, `${took} ms`)
    }
  })
})

test('of 1,000 changes by 20 writers at once none is skipped', async (t) => {
  const seen = new Set<number>()
  const watch = setInterval(() => seen.add(snapshot.state().version), 1)
  t.after(() => clearInterval(watch))
  const writers = Array.from({ length: 20 }, async () => {
    const made: { key: string; revoked: boolean }[] = []
    for (let i = 0; i < 10; i += 1) {
      // Partner, assignment, application, key: four changes, and a fifth for every other one's revocation.
      const { id, key, keyId } = await partnerOn('all', i % 3 === 0 ? 'sandbox' : 'live')
      if (i % 2 === 0) await within((tx) => revokeKey(tx, id, keyId, 'test'))
      else await within((tx) => suspendPartner(tx, id, 'test'))
      made.push({ key, revoked: i % 2 === 0 })
    }
    return made
  })
  const before = await lastChange()
  const made = (await Promise.all(writers)).flat()
  await caughtUp()
  assert.ok((await lastChange()) - before >= 900)
  assert.ok(seen.size > 5, 'it followed while they wrote')
  for (const { key, revoked } of made) {
    const credential = credentialOf(key)!
    assert.equal(credential.revokedAt !== null, revoked)
    const decision = snapshot.current().decide(credential.application, routeTo('internal'))
    assert.equal(!decision.allow && decision.problem.code === 'access.partner_suspended', !revoked)
  }
  const fresh = await createSnapshot({ database, clock, log: silentLog(), own })
  for (const { key } of made) assert.deepEqual(credentialOf(key), credentialOf(key, fresh.current()))
  await fresh.stop()
})

describe('contracts and upstreams', () => {
  const upstreamOf = (path: string) => {
    const match = snapshot.current().match('GET', path)
    return match.kind === 'found' && match.route.target.kind === 'remote'
      ? match.route.target.upstreams
      : null
  }

  test('a published contract is served, a newer one replaces it, a withdrawn one is gone', async () => {
    await within((tx) => publishContract(tx, contract('second', ['general'])))
    await caughtUp()
    assert.ok(upstreamOf('/second/general'))
    await within((tx) => publishContract(tx, contract('second', ['pilot'], '2.0.0')))
    await caughtUp()
    assert.equal(upstreamOf('/second/general'), null)
    const match = snapshot.current().match('GET', '/second/pilot')
    assert.equal(match.kind === 'found' && match.route.apiVersion, '2.0.0')
    await within((tx) => withdrawOthers(tx, ['first']))
    await caughtUp()
    assert.equal(snapshot.current().match('GET', '/second/pilot').kind, 'none')
    assert.ok(upstreamOf('/first/general'))
  })

  test('an upstream that moves is another object, and one that does not stays the same', async () => {
    const before = upstreamOf('/first/general')!
    await within((tx) => publishContract(tx, contract('third', ['general'])))
    await caughtUp()
    assert.equal(upstreamOf('/first/general'), before)
    await within((tx) => declareUpstream(tx, { ...upstream, ...times, live: 'http://moved.invalid' }))
    await caughtUp()
    const { live, sandbox } = upstreamOf('/first/general')!
    assert.deepEqual([live.url, sandbox.url], ['http://moved.invalid', 'http://sandbox.invalid'])
    assert.notEqual(live, before.live)
  })

  test('a stored document that does not compile is left out, and everything else goes on', async () => {
    const broken = { ...contract('broken', ['general']), document: { openapi: '9' }, sha256: 'ab'.repeat(32) }
    await within((tx) => publishContract(tx, broken))
    const { key } = await partnerOn('all')
    await caughtUp()
    assert.ok(credentialOf(key))
    assert.ok(upstreamOf('/first/general'))
    assert.equal(snapshot.current().match('GET', '/broken/general').kind, 'none')
  })
})
