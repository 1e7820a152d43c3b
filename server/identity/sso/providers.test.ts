/** Who sets up single sign-on, for which addresses, and when it becomes the only way in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPartner } from '#/identity/partners/partners.ts'
import {
  createProvider,
  eraseSubjects,
  listProviders,
  providerForEmail,
  removeProvider,
  setDomains,
  setEnforced,
  ssoRequired,
  unlinkPerson,
  updateProvider,
} from '#/identity/sso/sso.ts'
import type { NewSsoProvider } from '#/identity/sso/sso.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { createOutbound } from '#/kernel/outbound/outbound.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { ssoScene, startOpenIdProvider } from '../../../tests/support/openid/scene.ts'

const database = await testDatabase()
const scene = ssoScene(database)
const { sealer, clock, outbound, edge, somebody, partnerWith, start, signIn, failsWith } = scene
const openid = await startOpenIdProvider()
const deps = () => ({ sealer, outbound, wall: clock.wall() })
const given: NewSsoProvider = {
  name: 'Staff',
  issuer: 'https://login.example',
  clientId: 'portico',
  clientSecret: 'correct-horse',
}

async function partner() {
  const { id } = await edge((tx) => createPartner(tx, { slug: `p${newId().slice(-8)}`, name: 'Partner' }))
  const member: Actor = { kind: 'member', id: newId(), partnerId: id, role: 'admin' }
  return { id, asMember: <T>(work: (tx: Tx) => Promise<T>) => transact(database.control, member, work) }
}

test('a partner sets up its own; the secret is sealed and never shown', async () => {
  const { id: partnerId, asMember } = await partner()
  const made = await asMember((tx) => createProvider(tx, deps(), partnerId, given))
  assert.deepEqual([made.domains, made.enforced, made.joinRole, made.tried], [[], false, null, false])
  assert.ok(!JSON.stringify(made).includes('correct-horse'))
  const kept = await database.owner.query<{ row: string }>(
    `select p::text || encode(client_secret, 'escape') as row from identity_provider p where id = $1`,
    [made.id],
  )
  assert.ok(kept.rows[0] && !kept.rows[0].row.includes('correct-horse'))
  const changed = await asMember((tx) =>
    updateProvider(tx, sealer, partnerId, made.id, {
      name: 'People',
      clientSecret: 'new',
      joinRole: 'finance',
    }),
  )
  assert.deepEqual([changed.name, changed.clientId, changed.joinRole], ['People', 'portico', 'finance'])
  const again = await asMember((tx) => updateProvider(tx, sealer, partnerId, made.id, { joinRole: null }))
  assert.deepEqual([again.name, again.joinRole], ['People', null])
  assert.deepEqual(await asMember((tx) => listProviders(tx, partnerId)), [again])
  await asMember((tx) => removeProvider(tx, partnerId, made.id))
  assert.deepEqual(await asMember((tx) => listProviders(tx, partnerId)), [])
})

test('for which addresses it speaks an operator decides', async () => {
  const { id: partnerId, asMember } = await partner()
  const made = await asMember((tx) => createProvider(tx, deps(), partnerId, given))
  await assert.rejects(
    asMember((tx) => setDomains(tx, partnerId, made.id, ['bank.example'])),
    /sso\.domains_by_provider/,
  )
  const set = await edge((tx) =>
    setDomains(tx, partnerId, made.id, [' Staff.Example', 'staff.example', 'müller.example']),
  )
  assert.deepEqual(set.domains, ['staff.example', 'xn--mller-kva.example'])
  for (const bad of [
    '',
    'example',
    '*.example',
    '@x.example',
    'a b.example',
    '-x.example',
    '127.0.0.1',
    'x..y',
    'x.example/',
  ]) {
    await assert.rejects(
      edge((tx) => setDomains(tx, partnerId, made.id, [bad])),
      /sso\.domain_invalid/,
      bad,
    )
  }
  const other = await partner()
  const theirs = await edge((tx) => createProvider(tx, deps(), other.id, given))
  await assert.rejects(
    edge((tx) => setDomains(tx, other.id, theirs.id, ['other.example', 'STAFF.example'])),
    /sso\.domain_taken/,
  )
  // The provider's own stands beside it.
  const own = await edge((tx) => createProvider(tx, deps(), null, { ...given, joinRole: 'viewer' }))
  assert.equal(own.joinRole, null)
  await edge((tx) => setDomains(tx, null, own.id, ['staff.example']))
  const found = (realm: 'portal' | 'console', email: string) =>
    edge((tx) => providerForEmail(tx, realm, email))
  assert.equal((await found('portal', 'Whoever@STAFF.example '))?.id, made.id)
  assert.equal((await found('portal', 'ada@müller.example'))?.id, made.id)
  assert.equal((await found('console', 'whoever@staff.example'))?.id, own.id)
  for (const nobody of [
    'ada@other.example',
    'ada@sub.staff.example',
    'staff.example',
    '',
    '@staff.example',
  ]) {
    assert.equal(await found('portal', nobody), null, nobody)
  }
})

test('an issuer is an address that the internet can reach, and nothing behind it', async () => {
  const { id: partnerId } = await partner()
  const strict = createOutbound({ allowLoopback: false })
  for (const issuer of [
    'login.example',
    'http://login.example',
    'https://login.example/?tenant=1',
    'https://login.example/#x',
    'https://user:pw@login.example',
    'https://login.example:22',
    'https://127.0.0.1',
    'https://169.254.169.254',
    'https://[::1]',
    'https://evil.example/.well-known/openid-configuration',
    'https://evil.example/x/.well-known/y',
  ]) {
    await assert.rejects(
      edge((tx) => createProvider(tx, { ...deps(), outbound: strict }, partnerId, { ...given, issuer })),
      /sso\.issuer_invalid/,
      issuer,
    )
  }
  await edge((tx) =>
    createProvider(tx, { ...deps(), outbound: strict }, partnerId, {
      ...given,
      issuer: 'https://login.example/tenant',
    }),
  )
  await strict.close()
})

test('another partner’s is answered like one that does not exist', async () => {
  const [first, second] = [await partner(), await partner()]
  const made = await edge((tx) => createProvider(tx, deps(), first.id, given))
  for (const id of [made.id, newId()]) {
    const tries: ((tx: Tx) => Promise<unknown>)[] = [
      (tx) => updateProvider(tx, sealer, second.id, id, { name: 'x' }),
      (tx) => setEnforced(tx, second.id, id, true),
      (tx) => removeProvider(tx, second.id, id),
      (tx) => unlinkPerson(tx, second.id, id, newId()),
    ]
    for (const work of tries) await assert.rejects(second.asMember(work), /sso\.not_found/)
    await assert.rejects(
      edge((tx) => setDomains(tx, second.id, id, ['x.example'])),
      /sso\.not_found/,
    )
  }
  // Also where a statement forgets whose it is, and for what is the provider's.
  const own = await edge((tx) => createProvider(tx, deps(), null, given))
  assert.deepEqual(await second.asMember((tx) => listProviders(tx, first.id)), [])
  assert.deepEqual(await second.asMember((tx) => listProviders(tx, null)), [])
  await assert.rejects(
    second.asMember((tx) => removeProvider(tx, null, own.id)),
    /sso\.not_found/,
  )
  await assert.rejects(
    second.asMember((tx) => createProvider(tx, deps(), first.id, given)),
    /row-level security/,
  )
})

test('it becomes the only way once somebody came in by it, and never for owners', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'only.example')
  await somebody('ada@only.example', { partnerId })
  await openid.configure({ accounts: { ada: { email: 'ada@only.example', email_verified: true } } })
  await assert.rejects(
    edge((tx) => setEnforced(tx, partnerId, provider.id, true)),
    /sso\.untried/,
  )
  assert.equal(await edge((tx) => ssoRequired(tx, partnerId, 'developer')), false)
  await signIn(openid, provider, 'ada')
  await edge((tx) => setEnforced(tx, partnerId, provider.id, true))
  assert.equal(await edge((tx) => ssoRequired(tx, partnerId, 'developer')), true)
  assert.equal(await edge((tx) => ssoRequired(tx, partnerId, 'owner')), false)
  // An administrator of a partner has no exemption; one of the provider's has, where the provider enforces it.
  assert.equal(await edge((tx) => ssoRequired(tx, partnerId, 'admin')), true)
  assert.equal(await edge((tx) => ssoRequired(tx, null, 'support')), false)
  assert.equal((await edge((tx) => providerForEmail(tx, 'portal', 'x@only.example')))?.enforced, true)
  await edge((tx) => setEnforced(tx, partnerId, provider.id, false))
  assert.equal(await edge((tx) => ssoRequired(tx, partnerId, 'developer')), false)
})

test('without a domain, and after it was removed, nobody comes in', async () => {
  const { partnerId, provider } = await partnerWith(openid, 'removed.example')
  const personId = await somebody('ada@removed.example', { partnerId })
  await openid.configure({ accounts: { ada: { email: 'ada@removed.example', email_verified: true } } })
  await signIn(openid, provider, 'ada')
  await edge((tx) => setDomains(tx, partnerId, provider.id, []))
  await assert.rejects(signIn(openid, provider, 'ada'), failsWith('email-foreign'))
  await start(provider, { again: personId })
  await edge((tx) => eraseSubjects(tx, personId))
  const left = await database.owner.query(
    `select person_id from identity_provider_subject where person_id = $1
     union all select person_id from identity_provider_attempt where person_id = $1`,
    [personId],
  )
  assert.equal(left.rowCount, 0)
  await edge((tx) => removeProvider(tx, partnerId, provider.id))
  await assert.rejects(start(provider), failsWith('provider-unknown'))
})
