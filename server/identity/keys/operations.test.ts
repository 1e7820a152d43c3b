/** A partner's own keys: nobody else's, none of the other environment, and none beyond the reach of who asks. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { keyOperations } from '#/identity/keys/operations.ts'
import { parseKey, revokeKey } from '#/identity/keys/keys.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { nobodys, operationsScene, uuidOf } from '../../../tests/support/partner/operations.ts'
import type { Caller } from '../../../tests/support/partner/operations.ts'

const database = await testDatabase()
const clock = systemClock()
const sealer = createSealer(randomBytes(32))
const { ask, inTx, partner, person } = operationsScene(database, keyOperations({ clock, sealer }))
const appOf = (caller: Caller) => publicId('app', caller.applicationId)
const keyOf = (caller: Caller) => publicId('key', caller.credentialId)
const create = (caller: Caller, body: object = {}, owner = caller) =>
  ask(caller, 'createKey', { body: { application: appOf(owner), label: 'Second', ...body } })
const minutesAgo = (minutes: number) => clock.wall() - minutes * 60_000

describe('a key that is not theirs', () => {
  test('404 for a foreign one, one of the other environment, an absent one and no id at all', async () => {
    const [mine, theirs] = [await partner(), await partner()]
    for (const id of [
      keyOf(theirs.live),
      keyOf(mine.sandbox),
      nobodys('key'),
      'key_',
      'x',
      appOf(mine.live),
    ]) {
      const attempts = [
        ['bindKey', { scopes: ['a:read'] }],
        ['rotateKey', {}],
        ['revokeKey', { reason: 'not mine' }],
      ] as const
      for (const [operation, body] of attempts) {
        const answer = await ask(mine.live, operation, { id, body })
        assert.deepEqual([answer.status, answer.code], [404, 'keys.not_found'], `${operation} ${id}`)
      }
    }
    for (const foreign of [theirs.live, mine.sandbox]) {
      const application = appOf(foreign)
      const answers = [
        await create(mine.live, {}, foreign),
        await ask(mine.live, 'listKeys', { query: { application } }),
        await ask(mine.live, 'archiveApplication', { id: application }),
      ]
      for (const answer of answers) assert.equal(answer.code, 'applications.not_found')
    }
    const listed = await ask(mine.live, 'listKeys')
    assert.deepEqual(
      listed.body.data.map(({ id }: { id: string }) => id),
      [keyOf(mine.live)],
    )
  })
})

describe('beyond the reach of a key', () => {
  test('403 for more scopes or networks than its own, for whatever key and in every way', async () => {
    const bounds = { scopes: ['keys:write', 'a:read'], networks: ['10.0.0.0/8'] }
    const { live } = await partner(bounds)
    const beyond = [
      { scopes: null },
      { scopes: ['team:write'] },
      { scopes: ['a:read', 'b:read'] },
      { networks: null },
      { networks: ['10.0.0.0/7'] },
      { networks: ['11.1.1.1'] },
      { networks: ['10.0.0.1', '::/0'] },
    ]
    for (const wanted of beyond) {
      for (const answer of [
        await create(live, wanted),
        await ask(live, 'bindKey', { id: keyOf(live), body: wanted }),
      ]) {
        assert.deepEqual([answer.status, answer.code], [403, 'keys.beyond_reach'], JSON.stringify(wanted))
      }
    }
    const within = await create(live, { scopes: ['a:read'], networks: ['10.1.0.0/16'] })
    assert.equal(within.status, 201)
    assert.deepEqual(within.body.networks, ['10.1.0.0/16'])
  })

  test('what is left out is what the calling key is bound to', async () => {
    const bounds = { scopes: ['keys:write'], networks: ['10.0.0.0/8'] }
    const { live } = await partner(bounds)
    const { body } = await create(live)
    assert.deepEqual([body.scopes, body.networks], [bounds.scopes, bounds.networks])
    const { live: free } = await partner()
    assert.deepEqual(
      [(await create(free)).body.scopes, (await create(free)).code],
      [null, 'keys.too_many_active'],
    )
  })

  test('403 for the text of a larger key by rotating it; revoking it takes nothing, so it may', async () => {
    const { live } = await partner()
    const made = await create(live, { scopes: ['keys:write'] })
    const small = { ...live, credentialId: uuidOf('key', made.body.id) }
    const rotated = await ask(small, 'rotateKey', { id: keyOf(live) })
    assert.deepEqual([rotated.status, rotated.code], [403, 'keys.beyond_reach'])
    const answer = await ask(small, 'revokeKey', { id: keyOf(live), body: { reason: 'leaked' } })
    assert.deepEqual([answer.status, answer.body.revokedReason], [200, 'leaked'])
  })

  test('403 for a key that was revoked a moment ago', async () => {
    const { live, partnerId } = await partner()
    await inTx((tx) => revokeKey(tx, partnerId, live.credentialId, 'leaked'))
    assert.equal((await create(live)).code, 'keys.beyond_reach')
  })
})

describe('as a person', () => {
  test('403 without a step-up in the last ten minutes, for whatever shows a text', async () => {
    const { live } = await partner()
    for (const at of [null, minutesAgo(11)]) {
      const owner = await person(sealer, live, 'owner', at)
      for (const answer of [await create(owner), await ask(owner, 'rotateKey', { id: keyOf(live) })]) {
        assert.deepEqual([answer.status, answer.code], [403, 'auth.step_up_required'])
      }
      assert.equal((await ask(owner, 'listKeys')).status, 200)
    }
    assert.equal((await create(await person(sealer, live, 'owner', minutesAgo(9)))).status, 201)
  })

  test('403 for a developer who gives a key more than the role has', async () => {
    const { live } = await partner()
    const developer = await person(sealer, live, 'developer', minutesAgo(0))
    for (const scopes of [null, ['team:write'], ['keys:read', 'audit:read']]) {
      assert.equal((await create(developer, { scopes })).code, 'keys.beyond_reach', String(scopes))
    }
    assert.equal((await create(developer)).code, 'keys.beyond_reach')
    assert.equal((await ask(developer, 'rotateKey', { id: keyOf(live) })).code, 'keys.beyond_reach')
    assert.equal((await create(developer, { scopes: ['projects:read', 'keys:read'] })).status, 201)
    const admin = await person(sealer, live, 'admin', minutesAgo(0))
    assert.equal((await ask(admin, 'bindKey', { id: keyOf(live), body: { scopes: null } })).status, 200)
  })
})

describe('their own keys', () => {
  test('201 tells the text once; no list repeats it', async () => {
    const { live } = await partner()
    const expiresAt = new Date(clock.wall() + 3_600_000).toISOString()
    const { status, body } = await create(live, { expiresAt })
    assert.equal(status, 201)
    assert.ok(parseKey(body.key).ok)
    assert.equal(body.expiresAt, expiresAt)
    const listed = JSON.stringify((await ask(live, 'listKeys')).body)
    assert.ok(
      listed.includes(body.id) && !listed.includes(body.key.slice(9, -4)) && !listed.includes('digest'),
    )
  })

  test('422 for an expiry that is past, or no time at all', async () => {
    const { live } = await partner()
    for (const expiresAt of ['2020-01-01T00:00:00Z', '2026-12-31T23:59:60Z']) {
      assert.equal((await create(live, { expiresAt })).code, 'keys.expiry_past')
    }
  })

  test('200 in pages that skip and repeat nothing; 400 for the cursor of another', async () => {
    const [mine, theirs] = [await partner(), await partner()]
    await create(mine.live)
    const first = await ask(mine.live, 'listKeys', { query: { limit: '1' } })
    const cursor = first.body.nextCursor as string
    const second = await ask(mine.live, 'listKeys', { query: { limit: '1', cursor } })
    assert.equal(second.body.nextCursor, null)
    assert.notEqual(first.body.data[0].id, second.body.data[0].id)
    for (const stranger of [theirs.live, mine.sandbox]) {
      assert.equal((await ask(stranger, 'listKeys', { query: { cursor } })).status, 400)
    }
    const query = { cursor, application: appOf(mine.live) }
    assert.equal((await ask(mine.live, 'listKeys', { query })).status, 400)
  })

  test('a rotated key ends after the overlap; 409 once it is revoked', async () => {
    const { live } = await partner()
    const before = clock.wall()
    const rotated = await ask(live, 'rotateKey', { id: keyOf(live), body: { overlapHours: 2 } })
    assert.equal(rotated.status, 201)
    const { body } = await ask(live, 'listKeys')
    const left = Date.parse(body.data[0].expiresAt) - before - 2 * 3_600_000
    assert.ok(left >= 0 && left < 60_000, `${left} ms`)
    await ask(live, 'revokeKey', { id: rotated.body.id, body: { reason: 'done' } })
    for (const operation of ['rotateKey', 'bindKey']) {
      const answer = await ask(live, operation, { id: rotated.body.id, body: {} })
      assert.deepEqual([answer.status, answer.code], [409, 'keys.revoked'])
    }
  })

  test('an archived application has no key left and gets none', async () => {
    const { live } = await partner()
    await create(live)
    const { status, body } = await ask(live, 'archiveApplication', { id: appOf(live) })
    assert.equal(status, 200)
    assert.deepEqual((await ask(live, 'archiveApplication', { id: appOf(live) })).body, body)
    const keys = (await ask(live, 'listKeys')).body.data as { revokedAt: string | null }[]
    assert.ok(keys.length === 2 && keys.every(({ revokedAt }) => revokedAt !== null))
    const owner = await person(sealer, live, 'owner', clock.wall())
    assert.equal((await create(owner)).code, 'applications.archived')
  })
})
