/** Every route of the management API × every credential: who is nobody, who may not, and who gets past the guard. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allows, isPermission, operatorRoles } from '#/governance/roles/roles.ts'
import { deriveDemoKey, randomText } from '#/identity/keys/keys.ts'
import { createServiceKey, revokeServiceKey } from '#/identity/service-keys/service-keys.ts'
import { newId } from '#/kernel/id/id.ts'
import { adminApi } from './support/identity/admin.ts'
import { testDatabase } from './support/database.ts'

const api = await adminApi(await testDatabase())

/** Ids that nothing has. */
const absent: Readonly<Record<string, string>> = { id: '0'.repeat(32), invitation: `ivt_${'0'.repeat(32)}` }

function requests(): { name: `${string} /${string}`; permission: string }[] {
  return api.routes.flatMap(({ method, path, permission }) => {
    const url = path.replaceAll(/:(\w+)/g, (_, name: string) => absent[name] ?? '') as `/${string}`
    const methods = method === 'GET' ? ['GET', 'HEAD'] : [method]
    return methods.map((one) => ({ name: `${one} ${url}` as const, permission }))
  })
}

/** Who asks for a decision may have it, however it asks: nginx and Envoy ask with GET, and it is no looking around. */
const asksWithGet = /^\/v1\/decisions\/check/

test('every route names a permission of operators, and says what it answers', () => {
  assert.ok(api.routes.length >= 22, String(api.routes.length))
  for (const { method, path, permission, answer } of api.routes) {
    assert.ok(isPermission('operator', permission), `${method} ${path}: ${permission}`)
    // The paths of OpenFeature's protocol are not ours to choose.
    assert.ok(path.startsWith('/v1/') || path.startsWith('/ofrep/v1/'), path)
    assert.ok(answer, `${method} ${path}`)
    // What only looks is open to those who only look, and nothing else is.
    if (asksWithGet.test(path)) assert.equal(permission, 'decisions:make')
    else assert.equal(permission.endsWith(':read'), method === 'GET', `${method} ${path}`)
  }
})

test('401 without a credential, and with one that is nobody’s any more', async () => {
  const make = (expiresAt: Date | null = null) =>
    api.inTx((tx) => createServiceKey(tx, { name: 'gone', role: 'admin', expiresAt }))
  const revoked = await make()
  await api.inTx((tx) => revokeServiceKey(tx, revoked.id, 'leaked'))
  const admin = await api.key('admin')
  const nobody: Readonly<Record<string, Record<string, string>>> = {
    none: {},
    unknown: { authorization: `Bearer ${randomText('pts_')}` },
    revoked: { authorization: `Bearer ${revoked.key}` },
    expired: { authorization: `Bearer ${(await make(new Date(Date.now() - 1))).key}` },
    mistyped: { authorization: `Bearer ${admin.slice(0, -1)}${admin.endsWith('a') ? 'b' : 'a'}` },
    'another scheme': { authorization: `Basic ${admin}` },
    "a partner's key": { authorization: `Bearer ${deriveDemoKey('secret', 'starter', 'live')}` },
    'a wrong key beside a good session': {
      authorization: 'Bearer pts_',
      operator: `admin ${newId()} ${Date.now()}`,
    },
  }
  for (const { name } of requests()) {
    for (const [credential, headers] of Object.entries(nobody)) {
      const { status, headers: answered } = await api.call(name, { headers })
      assert.equal(status, 401, `${name} with ${credential}`)
      const challenge =
        credential === 'none' ? 'Bearer realm="Portico"' : 'Bearer realm="Portico", error="invalid_token"'
      assert.equal(answered['www-authenticate'], challenge)
    }
  }
})

for (const role of operatorRoles) {
  test(`403 for ${role} exactly where the role does not bring the permission`, async () => {
    const service = { authorization: `Bearer ${await api.key(role)}` }
    const person = { operator: `${role} ${newId()} ${Date.now()}` }
    for (const { name, permission } of requests()) {
      for (const headers of [service, person]) {
        // An empty body is wrong everywhere, so nothing happens behind the guard.
        const { status } = await api.call(name, {
          headers,
          ...(!/^(GET|HEAD|DELETE)/.test(name) && { body: {} }),
        })
        assert.ok(status < 500, `${name} as ${role}: ${status}`)
        assert.equal(status === 403, !allows('operator', role, permission), `${name} as ${role}: ${status}`)
        assert.notEqual(status, 401, `${name} as ${role}`)
      }
    }
  })
}

test('a role that does not exist any more may nothing', async () => {
  const headers = { operator: `superuser ${newId()} ${Date.now()}` }
  for (const { name } of requests()) assert.equal((await api.call(name, { headers })).status, 403, name)
})
