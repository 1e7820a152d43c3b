/** Capabilities as flags, as an OpenFeature client asks for them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { accessScene } from '../support/access/scene.ts'

const { api, known, partner } = await accessScene()
const acme = await partner('acme')
const blank = await partner('blank', false)
const as = 'service'

describe('POST /ofrep/v1/evaluate/flags', () => {
  const evaluate = async (key: string, body: object, headers: Record<string, string> = {}) =>
    api.call(`POST /ofrep/v1/evaluate/flags${key}`, {
      headers: { authorization: `Bearer ${await api.key(as)}`, ...headers },
      body,
    })
  const about = (targetingKey: string, more: object = {}) => ({ context: { targetingKey, ...more } })

  test('401 and 403 for who may not', async () => {
    const request = 'POST /ofrep/v1/evaluate/flags/things'
    assert.equal((await api.call(request, { body: about(acme.public.partner) })).status, 401)
    const { status } = await api.call(request, { as: 'finance', body: about(acme.public.partner) })
    assert.equal(status, 403)
  })

  test('400 for a context that says nothing of anybody', async () => {
    const cases = [
      [{}, 'INVALID_CONTEXT'],
      [{ context: 'x' }, 'INVALID_CONTEXT'],
      [{ context: {} }, 'TARGETING_KEY_MISSING'],
      [about('acme'), 'INVALID_CONTEXT'],
      [about(`ptn_${'0'.repeat(32)}`), 'INVALID_CONTEXT'],
      [about(acme.public.partner, { environment: 'test' }), 'INVALID_CONTEXT'],
    ] as const
    for (const [body, errorCode] of cases) {
      const one = await evaluate('/things', body)
      assert.deepEqual([one.status, one.body.errorCode, one.body.key], [400, errorCode, 'things'])
      const all = await evaluate('', body)
      assert.deepEqual([all.status, all.body.errorCode], [400, errorCode])
    }
  })

  test("400 in the protocol's own words for a body that is no JSON, or no object", async () => {
    for (const payload of ['{', '', '[]', 'null', '"x"', '{"context":{"targetingKey":"\\u0000"}}']) {
      for (const key of ['/things', '']) {
        const { statusCode, body } = await api.http.inject({
          method: 'POST',
          url: `/ofrep/v1/evaluate/flags${key}`,
          headers: { authorization: `Bearer ${await api.key(as)}`, 'content-type': 'application/json' },
          payload,
        })
        const { errorDetails, ...rest } = JSON.parse(body)
        const expected = { errorCode: 'PARSE_ERROR', ...(key && { key: 'things' }) }
        assert.deepEqual([statusCode, rest], [400, expected], payload)
        assert.match(errorDetails, /^The (body|request)/)
      }
    }
  })

  test('404 for a flag that is none', async () => {
    const { status, body } = await evaluate('/nothing', about(acme.public.partner))
    assert.deepEqual([status, body.errorCode, body.key], [404, 'FLAG_NOT_FOUND', 'nothing'])
  })

  test('200 with the decision as a value; a static entitlement has its own', async () => {
    const valueOf = async (key: string, target: string) => {
      const { status, body } = await evaluate(`/${key}`, about(target, { environment: 'live' }))
      assert.equal(status, 200)
      return [body.value, body.reason, body.variant]
    }
    for (const target of [acme.public.partner, acme.public.application]) {
      assert.deepEqual(await valueOf('things', target), [true, 'TARGETING_MATCH', 'granted'])
      assert.deepEqual(await valueOf('seats', target), [5, 'TARGETING_MATCH', 'granted'])
      assert.deepEqual(await valueOf('designs', target), [false, 'TARGETING_MATCH', 'refused'])
      assert.deepEqual(await valueOf('secrets', target), [false, 'DISABLED', 'refused'])
    }
    const { body } = await evaluate('/designs', about(blank.public.partner))
    assert.deepEqual(body.metadata, { refusal: 'access.no_package', rule: 'package' })
  })

  test('200 with all that partners may know of, and 304 while nothing is otherwise', async () => {
    const first = await evaluate('', about(acme.public.partner))
    assert.equal(first.status, 200)
    assert.deepEqual(
      first.body.flags.map(({ key }: { key: string }) => key),
      ['designs', 'seats', 'things', 'partner-api'],
    )
    const etag = String(first.headers.etag)
    const again = await evaluate('', about(acme.public.partner), { 'if-none-match': `"x", W/${etag}` })
    assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', etag])
    await api.inTx((tx) => declareCapability(tx, { name: 'seats', title: 'Seats', exposure: 'dark' }))
    await known()
    const later = await evaluate('', about(acme.public.partner), { 'if-none-match': etag })
    assert.equal(later.status, 200)
    assert.equal(later.body.flags.length, 3)
  })
})
