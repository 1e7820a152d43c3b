/** Nobody is told a decision that was made by what is too old. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from '../../../tests/support/database.ts'
import { adminApi } from '../../../tests/support/identity/admin.ts'

let usable = true
const api = await adminApi(await testDatabase(), {}, undefined, () => usable)
const key = await api.key('service')

const asked = [
  ['POST /v1/decisions', { operation: 'listThings' }],
  ['POST /ofrep/v1/evaluate/flags', { context: { targetingKey: 'x' } }],
  ['POST /ofrep/v1/evaluate/flags/things', { context: { targetingKey: 'x' } }],
  ['GET /v1/decisions/check', undefined],
  ['GET /v1/decisions/check/api/things', undefined],
] as const

test('401 for nobody, then 503 with when to ask again, from all who decide beside the calls', async () => {
  for (const [request, body] of asked) {
    usable = true
    const headers = { 'portico-service-key': key }
    const options = { headers, ...(body && { body }) }
    assert.notEqual((await api.call(request, options)).status, 503, request)
    usable = false
    assert.equal((await api.call(request, body ? { body } : {})).status, 401, request)
    const refused = await api.call(request, options)
    assert.deepEqual([refused.status, refused.body.code], [503, 'decisions.too_old'], request)
    assert.equal(refused.headers['retry-after'], '5')
  }
})
