/** The export: how many lines, which ones, and no faster than they are read. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { after, before, test } from 'node:test'
import { type Solstice, startSolstice } from '../testing/child.ts'
import { type Contract, type Json, loadContract } from '../testing/contract.ts'

let solstice: Solstice
let contract: Contract
const headers = { 'portico-partner-id': 'ptn_a' }

before(async () => {
  ;[solstice, contract] = await Promise.all([startSolstice({ SOLSTICE_FAULTS: '1' }), loadContract()])
})
after(() => solstice.kill())

async function exported(query: string): Promise<readonly Json[]> {
  const response = await fetch(`${solstice.live}/api/raw-data/export${query}`, { headers })
  assert.equal(response.status, 200)
  return (await contract.conforms('exportRawData', response))['data'] as readonly Json[]
}

test('5000 lines unless told, each as the contract says, ordered by time', async () => {
  const lines = await exported('')
  assert.equal(lines.length, 5000)
  const times = lines.map((line) => String(line['at']))
  assert.deepEqual(times, times.toSorted())
  assert.equal(times[0], '2026-01-01T00:00:00.000Z')
})

test('from is included, to is not, and limit ends it early', async () => {
  const day = '?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z'
  const lines = await exported(day)
  assert.equal(lines.length, 4 * 24 * 4, 'four running systems, every quarter of an hour')
  assert.equal(lines[0]?.['at'], '2026-06-01T00:00:00.000Z')
  assert.equal(lines.at(-1)?.['at'], '2026-06-01T23:45:00.000Z')
  assert.deepEqual(await exported(`${day}&limit=7`), lines.slice(0, 7))
})

test('422 when the range is empty', async () => {
  const url = `${solstice.live}/api/raw-data/export?from=2026-06-02T00:00:00Z&to=2026-06-02T00:00:00Z`
  const response = await fetch(url, { headers })
  assert.equal(response.status, 422)
  await contract.conforms('exportRawData', response)
})

/** How many lines the process has made so far, of the request it received last. */
async function made(): Promise<number> {
  const { data } = (await (await fetch(`${solstice.live}/_received`)).json()) as { data: { lines: number }[] }
  return data.at(-1)?.lines ?? assert.fail('nothing was received')
}

test('a reader that stops reading stops the writer, and gets the rest when it goes on', async () => {
  const limit = 69_000
  const request = get(`${solstice.live}/api/raw-data/export?limit=${limit}`, { headers })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.pause()
  // Until the buffers between the two are full the count still grows; then it stands.
  let before = -1
  for (let now = await made(); now !== before; now = await made()) before = now
  assert.ok(before < limit, `${before} lines were made for a reader that reads none`)
  let newlines = 0
  for await (const chunk of response) newlines += String(chunk).split('\n').length - 1
  assert.equal(newlines, limit)
  assert.equal(await made(), limit)
})
