/** Starting, stopping and being killed, as a platform team meets them. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { call, dataFolder, runPortico, startPortico } from '../support/portico.ts'
import type { Running } from '../support/portico.ts'
import { fault } from '../support/solstice.ts'

const products = (running: Running, name: 'starter' | 'pro' = 'starter') =>
  call(`${running.facts.publicUrl}/api/products?limit=1`, { key: running.facts.partners[name].live.apiKey })

describe('what cannot start says why in one line, and exits', () => {
  test('every wrong setting at once', async () => {
    const { code, output } = await runPortico({ PORT: 'eighty', LOG_LEVEL: 'loud' })
    assert.equal(code, 1)
    assert.deepEqual(output.trim().split('\n'), [
      'portico: PORT=eighty is not a port (0 to 65535)',
      'portico: LOG_LEVEL=loud is none of trace, debug, info, warn, error, fatal, silent',
    ])
  })

  test('a port in use', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    try {
      const { code, output } = await runPortico({ PORT: String(port), HOST: '127.0.0.1' })
      assert.equal(code, 1)
      assert.match(output, new RegExp(`^portico: PORT ${port} .* is in use`))
      assert.equal(output.trim().split('\n').length, 1)
    } finally {
      taken.close()
    }
  })

  test('a data folder that cannot be one', async () => {
    const file = `${dataFolder()}-file`
    writeFileSync(file, '')
    const { code, output } = await runPortico({ PORTICO_DATA: file })
    assert.equal(code, 1)
    assert.match(output, /^portico: The data folder .* cannot be used/)
    assert.equal(output.trim().split('\n').length, 1)
  })

  test('a database that is not there', async () => {
    const { code, output } = await runPortico({
      DATABASE_URL: 'postgres://portico:hunter2@127.0.0.1:1/portico',
    })
    assert.equal(code, 1)
    assert.match(output, /^portico: The database at 127\.0\.0\.1:1\/portico cannot be opened/m)
    assert.ok(!output.includes('hunter2'))
  })

  test("a provider's file with mistakes, each with its place, and nothing is applied", async () => {
    const folder = dataFolder()
    mkdirSync(folder, { recursive: true })
    const file = join(folder, 'portico.yaml')
    writeFileSync(
      file,
      'provider: { name: X }\nupstreams: {}\ncapabilities: {}\ncontracts:\n  a: { file: missing.yaml, upstream: nowhere }\npackages:\n  p: { title: P, capabilities: [ghost] }\n',
    )
    const { code, output } = await runPortico({ PORTICO_CONFIG: file })
    assert.equal(code, 1)
    for (const mistake of [/missing\.yaml/, /nowhere/, /ghost/]) assert.match(output, mistake)
  })
})

describe('one installation from start to start', () => {
  const data = dataFolder()
  let first: Running

  test('SIGTERM lets the open request finish, refuses new ones and exits with 0', async () => {
    first = await startPortico({}, data)
    await fault(first.facts.provider.live, 'listProducts', 'slow', { value: 700 })
    const open = products(first)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const stopped = first.stop()
    assert.equal((await open).status, 200)
    assert.equal(await stopped, 0, first.output())
    await assert.rejects(products(first))
  })

  test('the next start has the same partners and keys', async () => {
    const second = await startPortico({}, data)
    assert.deepEqual(second.facts.partners, first.facts.partners)
    assert.equal((await products(second)).status, 200)
    await second.kill(false)
  })

  test('after kill -9 of the process alone it starts without help', async () => {
    const third = await startPortico({}, data)
    assert.equal((await products(third)).status, 200)
    await third.kill(true)
  })

  test('after kill -9 of the whole group it starts without help', async () => {
    const fourth = await startPortico({}, data)
    assert.equal((await products(fourth)).status, 200)
    const beside = await runPortico({ PORTICO_DATA: data })
    assert.equal(beside.code, 1)
    assert.match(beside.output, /is in use by another Portico/)
    assert.equal((await products(fourth)).status, 200, 'the one that runs is not disturbed')
    assert.equal(await fourth.stop(), 0)
  })
})

test('an upstream that dies is 502 until it is back, without a restart', async () => {
  const running = await startPortico()
  try {
    await fault(running.facts.provider.live, 'listProducts', 'hang')
    const controller = new AbortController()
    const hanging = fetch(`${running.facts.publicUrl}/api/products`, {
      headers: { authorization: `Bearer ${running.facts.partners.starter.live.apiKey}` },
      signal: controller.signal,
    }).catch(() => null)
    assert.equal((await products(running, 'pro')).status, 200, 'one that hangs does not hold up another')
    controller.abort()
    await hanging
  } finally {
    assert.equal(await running.stop(), 0)
  }
})
