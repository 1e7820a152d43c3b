/** One partner's call, from key to usage record, over HTTP only; the same journey for each kind of database. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { call, runPortico } from '../support/portico.ts'
import type { Running } from '../support/portico.ts'
import { fault, internalsIn, project, received } from '../support/solstice.ts'
import { within } from '../support/waiting.ts'

type Scene = {
  readonly portico: Running
  /** What the command line needs to reach the same database. */
  readonly environment: Readonly<Record<string, string>>
}

type Name = 'starter' | 'pro' | 'enterprise'

const keyOf = (scene: Scene, name: Name) => scene.portico.facts.partners[name].live.apiKey

/** Declares the tests of the journey. */
export function firstCall(scene: Scene): void {
  describe('who may call what', () => entitlement(scene))
  describe('what a key is worth', () => credentials(scene))
  describe('the contract on the way in', () => requests(scene))
  describe('the contract on the way out', () => answers(scene))
  describe('what is recorded', () => records(scene))
  describe('what stands around it', () => surroundings(scene))
}

function entitlement(scene: Scene): void {
  const key = (name: Name) => keyOf(scene, name)
  const { publicUrl } = scene.portico.facts

  test('200 for each partner where it is entitled, without an internal field', async () => {
    const entitled = {
      starter: ['/api/products', '/api/projects'],
      pro: ['/api/products', '/api/projects', '/api/designs', '/api/proposals'],
      enterprise: ['/api/products', '/api/projects', '/api/designs', '/api/proposals'],
    } as const
    for (const [name, paths] of Object.entries(entitled)) {
      for (const path of paths) {
        const answer = await call(`${publicUrl}${path}`, { key: key(name as 'starter') })
        assert.equal(answer.status, 200, `${name} ${path}: ${answer.text}`)
        assert.deepEqual(internalsIn(answer.body), [], `${name} ${path}`)
        assert.ok(answer.body.data.length > 0)
        assert.match(answer.headers.get('request-id') ?? '', /^req_[0-9a-f]{32}$/)
        assert.ok(answer.headers.get('api-version'))
      }
    }
  })

  test('201 for a project that is created, found and archived', async () => {
    const created = await call(`${publicUrl}/api/projects`, {
      key: key('pro'),
      method: 'POST',
      body: project,
    })
    assert.equal(created.status, 201, created.text)
    assert.deepEqual(internalsIn(created.body), [])
    const path = `${publicUrl}/api/projects/${created.body.id}`
    assert.equal((await call(path, { key: key('pro') })).body.name, project.name)
    assert.equal((await call(path, { key: key('starter') })).status, 404)
    assert.equal((await call(`${path}/archive`, { key: key('pro'), method: 'POST' })).status, 200)
  })

  test('403 says which rule said no and what to do next', async () => {
    const answer = await call(`${publicUrl}/api/designs`, { key: key('starter') })
    assert.equal(answer.status, 403)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    assert.equal(answer.body.code, 'access.not_in_package')
    assert.equal(answer.body.decision.rule, 'capability')
    assert.ok(answer.body.next.length > 0)
    assert.equal(answer.body.requestId, answer.headers.get('request-id'))
    const page = await call(answer.body.type)
    assert.equal(page.status, 200)
    assert.match(page.text, /access\.not_in_package/)
  })

  test('404 for rate cards, exactly as for a path that does not exist', async () => {
    const shape = async (path: string, apiKey?: string) => {
      const answer = await call(`${publicUrl}${path}`, apiKey ? { key: apiKey } : {})
      const { requestId, instance, ...rest } = answer.body
      assert.ok(requestId && instance)
      return { status: answer.status, names: [...answer.headers.keys()].toSorted(), rest }
    }
    const unknown = await shape('/api/nothing-here', key('enterprise'))
    assert.equal(unknown.status, 404)
    assert.deepEqual(await shape('/api/rate-cards', key('enterprise')), unknown)
    assert.deepEqual(await shape('/api/rate-cards/rc_1', key('enterprise')), unknown)
    assert.deepEqual(await shape('/api/rate-cards'), await shape('/api/nothing-here'))
  })
}

function credentials(scene: Scene): void {
  const key = (name: Name) => keyOf(scene, name)
  const { publicUrl } = scene.portico.facts

  test('401 for no key, a wrong key, a mistyped key', async () => {
    const live = key('starter')
    const flipped = `${live.slice(0, -8)}${live.at(-8) === 'a' ? 'b' : 'a'}${live.slice(-7)}`
    const cases = {
      'auth.missing': undefined,
      'auth.mistyped_key': flipped,
      'auth.malformed_key': 'hello',
    } as const
    for (const [code, wrong] of Object.entries(cases)) {
      const answer = await call(`${publicUrl}/api/products`, wrong ? { key: wrong } : {})
      assert.equal(answer.status, 401)
      assert.equal(answer.body.code, code)
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
      assert.ok(!answer.text.includes(wrong ?? 'ptk_'))
    }
    const own = await call(`${publicUrl}/api/products`, { headers: { 'x-api-key': live } })
    assert.equal(own.status, 200)
  })

  test('401 within a second for a key that was revoked, and its other key goes on', async () => {
    const created = await runPortico(scene.environment, [
      'scripts/portico.ts',
      'key',
      'create',
      'brightside',
      '--environment',
      'live',
    ])
    assert.equal(created.code, 0, created.output)
    const fresh = /ptk_live_[0-9A-Za-z]+/.exec(created.output)?.[0] ?? ''
    await within(1000, async () => (await call(`${publicUrl}/api/products`, { key: fresh })).status === 200)
    const revoked = await runPortico(scene.environment, ['scripts/portico.ts', 'key', 'revoke', fresh])
    assert.equal(revoked.code, 0, revoked.output)
    await within(1000, async () => (await call(`${publicUrl}/api/products`, { key: fresh })).status === 401)
    assert.equal((await call(`${publicUrl}/api/products`, { key: fresh })).body.code, 'auth.revoked_key')
    assert.equal((await call(`${publicUrl}/api/products`, { key: key('starter') })).status, 200)
  })
}

function requests(scene: Scene): void {
  const key = (name: Name) => keyOf(scene, name)
  const { publicUrl, partners, provider } = scene.portico.facts

  test('422 lists every violation of a body, and nothing reaches the provider', async () => {
    const before = (await received(provider.live)).length
    const body = {
      ...project,
      name: '',
      customer: { reference: 5, name: 'x' },
      roof: { kind: 'round' },
      margin: 3,
    }
    const answer = await call(`${publicUrl}/api/projects`, { key: key('pro'), method: 'POST', body })
    assert.equal(answer.status, 422)
    const pointers = answer.body.errors.map((error: { pointer: string }) => error.pointer)
    for (const expected of ['#/name', '#/customer/reference', '#/roof/kind', '#/margin']) {
      assert.ok(pointers.includes(expected), `${expected} in ${pointers}`)
    }
    assert.equal((await received(provider.live)).length, before)
  })

  test('400 for a query that is not in the contract or out of its bounds', async () => {
    const answer = await call(`${publicUrl}/api/projects?limit=abc&verbose=1`, { key: key('pro') })
    assert.equal(answer.status, 400)
    assert.deepEqual(answer.body.errors.map((error: { name: string }) => error.name).toSorted(), [
      'limit',
      'verbose',
    ])
  })

  test('the credential stays here; who calls goes on', async () => {
    await call(`${publicUrl}/api/products?limit=1`, {
      key: key('pro'),
      headers: {
        cookie: 'a=b',
        'x-forwarded-for': '6.6.6.6',
        'portico-partner-id': 'ptn_forged',
        traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
      },
    })
    const last = (await received(provider.live)).findLast((one) => one.operation === 'listProducts')
    const text = JSON.stringify(last)
    assert.ok(!text.includes(key('pro').slice(9, 30)))
    for (const never of ['forged', '6.6.6.6', 'a=b', '1'.repeat(32)]) assert.ok(!text.includes(never), never)
    assert.ok(text.includes(partners.pro.id))
  })
}

function answers(scene: Scene): void {
  const key = (name: Name) => keyOf(scene, name)
  const { publicUrl, provider } = scene.portico.facts

  test('502 and 504 without a byte of the upstream', async () => {
    const cases = [
      ['reset', 502, { times: 2 }],
      ['off-contract', 502, {}],
      ['wrong-type', 502, {}],
      ['bad-json', 502, {}],
      ['html', 502, {}],
      ['status', 502, { value: 599 }],
      ['status', 502, { value: 301 }],
      ['cut', 502, {}],
      ['huge', 502, {}],
    ] as const
    for (const [kind, status, more] of cases) {
      await fault(provider.live, 'listProducts', kind, more)
      const answer = await call(`${publicUrl}/api/products`, { key: key('starter') })
      assert.equal(answer.status, status, `${kind}: ${answer.text.slice(0, 300)}`)
      assert.match(answer.body.code, /^upstream\./, kind)
      assert.ok(answer.text.length < 700, kind)
      assert.ok(
        !/solstice|127\.0\.0\.1:\d+(?!.*portal)|cost|margin|nginx|stack/i.test(answer.body.detail),
        kind,
      )
    }
    assert.equal((await call(`${publicUrl}/api/products`, { key: key('starter') })).status, 200)
  })

  test('a bad line aborts the export, and no part of it leaves', async () => {
    const url = `${publicUrl}/api/raw-data/export?limit=100`
    const whole = await call(url, { key: key('enterprise') })
    assert.equal(whole.status, 200)
    const lines: unknown[] = [...whole.text.matchAll(/.+\n/g)].map(([line]) => JSON.parse(line))
    assert.equal(lines.length, 100)
    assert.deepEqual(internalsIn(lines), [])
    await fault(provider.live, 'exportRawData', 'bad-line', { value: 37 })
    const answer = await fetch(url, { headers: { authorization: `Bearer ${key('enterprise')}` } })
    let text = ''
    const reading = (async () => {
      for await (const bytes of answer.body ?? []) text += Buffer.from(bytes).toString()
    })()
    await assert.rejects(reading)
    const complete = text.split('\n').filter((line) => line !== '')
    assert.ok(complete.length <= 36, `${complete.length} lines`)
    for (const line of complete) assert.deepEqual(internalsIn(JSON.parse(line)), [])
  })
}

function records(scene: Scene): void {
  const key = (name: Name) => keyOf(scene, name)
  const { publicUrl, partners } = scene.portico.facts

  test("a partner's own counts by operation and hour, and nobody else's", async () => {
    const countOf = async () => {
      const answer = await call(`${publicUrl}/partner/usage`, { key: key('pro') })
      assert.equal(answer.status, 200, answer.text)
      return answer.body.data
        .filter((row: { operation: string }) => row.operation === 'getProduct')
        .reduce((sum: number, row: { calls: number }) => sum + row.calls, 0) as number
    }
    const before = await countOf()
    const products = await call(`${publicUrl}/api/products`, { key: key('pro') })
    const id = products.body.data[0].id
    for (let i = 0; i < 5; i += 1) await call(`${publicUrl}/api/products/${id}`, { key: key('pro') })
    await call(`${publicUrl}/api/products/${id}`, { key: key('starter') })
    await within(3000, async () => (await countOf()) === before + 5)
    await delay(300)
    assert.equal(await countOf(), before + 5)
  })

  test('the worlds do not mix: sandbox calls count in the sandbox', async () => {
    const sandbox = partners.enterprise.sandbox.apiKey
    assert.equal((await call(`${publicUrl}/api/products?limit=1`, { key: sandbox })).status, 200)
    const counted = async (apiKey: string) =>
      (await call(`${publicUrl}/partner/usage`, { key: apiKey })).body.data.filter(
        (row: { operation: string }) => row.operation === 'listProducts',
      )
    await within(3000, async () => (await counted(sandbox)).length > 0)
    const live = await counted(key('enterprise'))
    const calls = (rows: { calls: number }[]) => rows.reduce((sum, row) => sum + row.calls, 0)
    assert.equal(calls(await counted(sandbox)), 1)
    assert.ok(calls(live) >= 0)
  })
}

function surroundings(scene: Scene): void {
  const { publicUrl, adminUrl } = scene.portico.facts

  test('health, metrics and the demo facts are there, and the facts are for their owner only', async () => {
    for (const base of [publicUrl, adminUrl]) {
      assert.equal((await call(`${base}/healthz`)).status, 200)
      assert.equal((await call(`${base}/readyz`)).status, 200)
    }
    const metrics = await call(`${adminUrl}/metrics`)
    assert.match(metrics.text, /portico_exchanges_total\{.*operation="listProducts"/)
    assert.equal((await call(`${publicUrl}/metrics`)).status, 404)
    assert.equal(statSync(join(scene.portico.data, 'demo.json')).mode & 0o777, 0o600)
  })

  test('the three lines that are printed work when pasted', async () => {
    const lines = [...scene.portico.output().matchAll(/^ *curl .+$/gm)]
    assert.equal(lines.length, 3)
    for (const [line] of lines) {
      const done = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
      assert.equal(done.status, 0, done.stderr)
      assert.match(done.stdout, /[{[]/)
    }
  })
}
