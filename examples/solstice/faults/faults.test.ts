/** Each fault, as a caller meets it, and what the control paths show. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Solstice, startSolstice } from '../testing/child.ts'
import { type Contract, type Json, loadContract } from '../testing/contract.ts'
import { faultKinds } from './faults.ts'

let solstice: Solstice
let contract: Contract
const headers = { 'portico-partner-id': 'ptn_a' }
const project = '/api/projects/prj_1001'

before(async () => {
  ;[solstice, contract] = await Promise.all([startSolstice({ SOLSTICE_FAULTS: '1' }), loadContract()])
})
after(() => solstice.kill())
beforeEach(async () => {
  for (const path of ['/_faults', '/_received']) await fetch(solstice.live + path, { method: 'DELETE' })
})

async function fault(fault: string, more: Json = {}): Promise<Response> {
  const body = JSON.stringify({ operation: 'getProject', fault, ...more })
  return fetch(`${solstice.live}/_faults`, { method: 'POST', body })
}

function call(path = project): Promise<Response> {
  return fetch(solstice.live + path, { headers })
}

/** The head of an answer, and its body still to come. */
async function head(path: string): Promise<IncomingMessage> {
  const [response] = await once(get(solstice.live + path, { headers }), 'response')
  return response as IncomingMessage
}

describe('answers', () => {
  test('go wrong as often as asked, for the operation asked, then recover', async () => {
    assert.equal((await fault('status', { value: 503, times: 2 })).status, 200)
    assert.equal((await call('/api/projects')).status, 200)
    assert.equal((await call()).status, 503)
    assert.equal((await call()).status, 503)
    assert.equal((await call()).status, 200)
  })

  test('wrong-type: only the type of the id is off, also in a list and in a stream', async () => {
    await fault('wrong-type')
    await fault('wrong-type', { operation: 'listProjects' })
    await fault('wrong-type', { operation: 'exportRawData' })
    const one = (await (await call()).json()) as Json
    const schema = (path: string, type: string): string =>
      `/paths/${path}/get/responses/200/content/${type}/schema`
    assert.deepEqual(contract.faults(schema('~1api~1projects~1{id}', 'application~1json'), one), [
      '/id must be string',
    ])
    const list = (await (await call('/api/projects')).json()) as Json
    assert.deepEqual(contract.faults(schema('~1api~1projects', 'application~1json'), list), [
      '/data/0/id must be string',
    ])
    const [line = ''] = (await (await call('/api/raw-data/export?limit=1')).text()).split('\n')
    const reading = schema('~1api~1raw-data~1export', 'application~1x-ndjson')
    assert.deepEqual(contract.faults(reading, JSON.parse(line)), ['/projectId must be string'])
  })

  test('off-contract: JSON of another shape, with internals', async () => {
    await fault('off-contract')
    const body = (await (await call()).json()) as Json
    assert.ok('supplierSource' in body && !('id' in body))
  })

  test('bad-json: a text that is no JSON', async () => {
    await fault('bad-json')
    await assert.rejects((await call()).json(), SyntaxError)
  })

  test('html: a page under status 200', async () => {
    await fault('html')
    const response = await call()
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/html'])
  })

  test('huge: megabytes that hold to the contract', async () => {
    await fault('huge', { value: 3 })
    const response = await call()
    assert.ok(Number(response.headers.get('content-length')) > 3_000_000)
    await contract.conforms('getProject', response)
  })

  test('bad-line: line n of the stream, and no other', async () => {
    await fault('bad-line', { operation: 'exportRawData', value: 5 })
    const lines = (await (await call('/api/raw-data/export?limit=8')).text()).trimEnd().split('\n')
    const types = lines.map((line) => typeof (JSON.parse(line) as Json)['projectId'])
    assert.deepEqual(types, ['string', 'string', 'string', 'string', 'number', 'string', 'string', 'string'])
  })
})

describe('connections', () => {
  test('reset: closed before the head', async () => {
    await fault('reset')
    const request = get(solstice.live + project, { headers })
    const [error] = await once(request, 'error')
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
  })

  test('cut: closed in the middle of the body, of a stream too', async () => {
    await fault('cut')
    await fault('cut', { operation: 'exportRawData' })
    for (const path of [project, '/api/raw-data/export?limit=100']) {
      const response = await head(path)
      const [error] = await once(response.resume(), 'error')
      assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
    }
  })

  test('stall: half of the body, and the connection stays open', async () => {
    await fault('stall')
    const response = await head(project)
    const [half] = (await once(response, 'data')) as [Buffer]
    assert.equal(half.length, Math.floor(Number(response.headers['content-length']) / 2))
    assert.equal(response.socket.destroyed, false)
    response.destroy()
  })

  test('hang: the request arrives and nothing comes back', async () => {
    await fault('hang')
    const request = get(solstice.live + project, { headers })
    let answered = false
    request.on('response', () => (answered = true)).on('error', () => undefined)
    // A later request on a connection of its own is answered while the first one still waits.
    while ((await received()).length < 1) await call('/healthz')
    await call()
    assert.equal(answered, false)
    request.destroy()
  })

  test('slow: after the time asked', async () => {
    await fault('slow', { value: 60 })
    const started = performance.now()
    assert.equal((await call()).status, 200)
    assert.ok(performance.now() - started >= 59)
  })
})

async function received(): Promise<readonly Json[]> {
  const body = (await (await fetch(`${solstice.live}/_received`)).json()) as { data: readonly Json[] }
  return body.data
}

describe('control', () => {
  test('422 for a fault or an operation that does not exist', async () => {
    assert.equal((await fault('explode')).status, 422)
    assert.equal((await fault('hang', { operation: 'getNothing' })).status, 422)
    assert.equal((await fault('hang', { times: 0 })).status, 422)
    assert.equal((await call()).status, 200)
  })

  test('shows the requests that arrived with all their headers, and forgets them when told', async () => {
    await fetch(`${solstice.live + project}?a=1`, { headers: { ...headers, 'X-Api-Key': 'secret' } })
    const [one] = await received()
    assert.equal(one?.['operation'], 'getProject')
    assert.equal(one['url'], `${project}?a=1`)
    assert.equal((one['headers'] as Json)['x-api-key'], 'secret')
    await fetch(`${solstice.live}/_received`, { method: 'DELETE' })
    assert.deepEqual(await received(), [])
  })

  test('the README lists every fault and no other', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    const [, table = ''] = readme.split('| fault |')
    assert.deepEqual(
      [...table.matchAll(/^\| `([a-z-]+)`/gm)].map((match) => match[1]),
      [...faultKinds],
    )
  })

  test('one environment is broken alone', async () => {
    await fault('status', { value: 500 })
    assert.equal((await fetch(solstice.sandbox + project, { headers })).status, 200)
    assert.equal((await call()).status, 500)
  })
})
