/** What holds of every route by its declaration, and that the enumeration of routes knows all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { isPermission } from '#/governance/roles/roles.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { newId } from '#/kernel/id/id.ts'
import { adminApi } from './support/identity/admin.ts'
import { testDatabase } from './support/database.ts'
import { accountRecipes } from './support/routes/recipes/account.ts'
import { missingIn, nameOf, recipeOf } from './support/routes/recipes/recipe.ts'
import { operationRecipes, routeRecipes } from './support/routes/recipes/recipes.ts'
import { declaredRoutes, routesIn } from './support/routes/sources.ts'
import { createStage } from './support/routes/stage.ts'
import { createTrial } from './support/routes/trial.ts'

const database = await testDatabase()
const stage = await createStage(database)

/** Who asks for a decision may have it, however it asks: nginx and Envoy ask with GET, and it is no looking around. */
const asksWithGet = /^\/v1\/decisions\/check/

test('every route names a permission of operators, and says what it answers', () => {
  assert.ok(stage.management.length >= 22, String(stage.management.length))
  for (const { method, path, permission, answer } of stage.management) {
    assert.ok(isPermission('operator', permission), `${method} ${path}: ${permission}`)
    // The paths of OpenFeature's protocol are not ours to choose.
    assert.ok(path.startsWith('/v1/') || path.startsWith('/ofrep/v1/'), path)
    assert.ok(answer, `${method} ${path}`)
    // What only looks is open to those who only look, and nothing else is.
    if (asksWithGet.test(path)) assert.equal(permission, 'decisions:make')
    else assert.equal(permission.endsWith(':read'), method === 'GET', `${method} ${path}`)
  }
})

test('every route asks in schemas that are schemas', () => {
  const { console: operators, portal: members } = stage.account
  // With the check that the server leaves out: it compiles them when they are needed, and believes they are good.
  const ajv = new Ajv({ strict: false })
  for (const { method, path, params, query, body } of [...stage.management, ...operators, ...members]) {
    for (const schema of [params, query, body]) {
      if (schema) assert.doesNotThrow(() => ajv.compile(schema), `${method} ${path}`)
    }
  }
  assert.throws(() => ajv.compile({ type: 'text' }))
})

test('every operation of partners names a permission of members, and who only looks changes nothing', () => {
  assert.ok(stage.operations.length >= 25, String(stage.operations.length))
  for (const { method, path, permission = '' } of stage.operations) {
    assert.ok(isPermission('member', permission), `${method} ${path}: ${permission}`)
    assert.equal(permission.endsWith(':read'), method === 'GET', `${method} ${path}`)
  }
})

test('every route and operation in the code is enumerated', () => {
  const known = [...stage.operations, ...stage.management].map(({ method, path }) => `${method} ${path}`)
  for (const realm of ['portal', 'console'] as const) {
    const { prefix } = stage.surfaces[realm]
    known.push(...stage.account[realm].map(({ method, path }) => `${method} ${path.replace(prefix, '~')}`))
  }
  const declared = declaredRoutes()
  const forgotten = declared
    .filter(({ declares }) => !known.some(declares))
    .map(
      ({ file, name }) =>
        `${name} of ${file}: add its registry in registriesOf, tests/support/routes/stage.ts`,
    )
  assert.deepEqual(forgotten, [])
  // Else the reading of the code would have overlooked it.
  assert.deepEqual(
    known.filter((name) => !declared.some(({ declares }) => declares(name))),
    [],
  )
})

test('every route that needs a recipe has one, and no recipe is without its route', () => {
  const { operations, management, account, surfaces } = stage
  const behind = (['portal', 'console'] as const).flatMap((realm) =>
    account[realm].map((one) => ({ ...one, path: one.path.slice(surfaces[realm].prefix.length) })),
  )
  const tables = [
    [operationRecipes, operations],
    [routeRecipes, management],
    [accountRecipes, behind],
  ] as const
  const wanted = tables.flatMap(([recipes, routes]) =>
    routes.flatMap((one) => missingIn(recipes[nameOf(one)], one)),
  )
  assert.deepEqual([...new Set(wanted)], [])
  const left = tables.flatMap(([recipes, routes]) => {
    const names = new Set(routes.map(nameOf))
    return Object.keys(recipes).filter((name) => !names.has(name))
  })
  assert.deepEqual(left, [])
})

test('a declaration that cannot be read, and a route without a recipe, say what to do', () => {
  assert.throws(
    () => routesIn('a.ts', 'return route({ ...all, path: base })'),
    /a\.ts: the path cannot be read/,
  )
  const withIds = { method: 'DELETE', path: '/partner/things/{id}/parts/{part}' } as const
  assert.throws(
    () => recipeOf({}, withIds),
    /'DELETE .*' needs a row for \{id\} and a row for \{part\} and a line, .* tests\/support\/routes\/recipes\/<area>\.ts/,
  )
  assert.deepEqual(recipeOf({}, { method: 'GET', path: '/partner/things' }), {})
})

test('an answer that is another than it should be, one that tells, and a change are found', async () => {
  const trial = createTrial(stage, 'admin')
  const calls = ['/v1/partners', '/v1/nothing'].map((url) => ({ method: 'GET', url, body: undefined }))
  await trial.expect('nobody', calls[0]!, {}, '401 guard.unauthenticated')
  assert.deepEqual(trial.findings, [])
  await trial.expect('nobody', calls[0]!, {}, '403 guard.forbidden')
  await trial.expectAlike('nobody', {}, { calls, status: 401 })
  await trial.changesNothing('this', async () => {
    await stage.inTx((tx) => createPartner(tx, { slug: 'new', name: 'New' }))
  })
  const [wrong, telling, changing, ...more] = trial.findings
  assert.match(wrong ?? '', /GET .* for nobody: 401 guard\.unauthenticated instead of 403 guard\.forbidden/)
  assert.match(telling ?? '', /GET \/v1\/partners for nobody: .*; but GET \/v1\/nothing: .*404/)
  assert.match(changing ?? '', /this: .* changed .*identity_partner/)
  assert.deepEqual(more, [])
})

test('a role that does not exist any more may nothing', async () => {
  const api = await adminApi(database)
  const headers = { operator: `superuser ${newId()} ${Date.now()}` }
  for (const { method, path } of api.routes) {
    const url = path.replaceAll(/:\w+/g, '0') as `/${string}`
    assert.equal((await api.call(`${method} ${url}`, { headers })).status, 403, `${method} ${path}`)
  }
})
