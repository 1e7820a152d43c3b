/** Starting, stopping and being killed, as a platform team meets them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { call, dataFolder, runPortico, startPortico } from '../support/portico.ts'
import type { Running } from '../support/portico.ts'
import { fault } from '../support/solstice.ts'
import { within } from '../support/waiting.ts'

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

  for (const name of ['PORT', 'ADMIN_PORT']) {
    test(`${name} in use`, async () => {
      const taken = createServer()
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
      const { port } = taken.address() as AddressInfo
      try {
        const { code, output } = await runPortico({ [name]: String(port), HOST: '127.0.0.1' })
        assert.equal(code, 1)
        assert.match(output, new RegExp(`^portico: ${name} ${port} .* is in use`))
        assert.equal(output.trim().split('\n').length, 1)
      } finally {
        taken.close()
      }
    })
  }

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

describe('the demo provider', () => {
  test('one that hangs holds up nobody else; one that dies is 502 until it is back by itself', async () => {
    const running = await startPortico()
    try {
      await fault(running.facts.provider.live, 'listProducts', 'hang')
      const controller = new AbortController()
      const hanging = fetch(`${running.facts.publicUrl}/api/products`, {
        headers: { authorization: `Bearer ${running.facts.partners.starter.live.apiKey}` },
        signal: controller.signal,
      }).catch(() => null)
      assert.equal((await products(running, 'pro')).status, 200)
      controller.abort()
      await hanging
      process.kill(Number.parseInt(readFileSync(join(running.data, 'solstice.pid'), 'utf8'), 10), 'SIGKILL')
      await within(5000, async () => (await products(running)).status === 502)
      await within(5000, async () => (await products(running)).status === 200)
    } finally {
      assert.equal(await running.stop(), 0)
    }
  })
})

describe('signals', () => {
  const manifest = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  const { scripts } = JSON.parse(manifest) as { scripts: { start: string } }
  const asNpm = ['sh', '-c', scripts.start] as const
  // As npm finds it.
  const environment = {
    LOG_LEVEL: 'info',
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
  }

  test('what npm is told reaches the program', async () => {
    const running = await startPortico(environment, undefined, asNpm)
    assert.equal(await running.stop(), 0)
    assert.match(running.output(), /"event":"stopped"/)
    assert.ok(!existsSync(join(running.data, 'portico.pid')))
  })

  test('Ctrl-C, which npm hands on to a program that heard it itself, is one signal', async () => {
    const running = await startPortico(environment, undefined, asNpm)
    const pid = running.process.pid ?? 0
    const gone = once(running.process, 'exit')
    process.kill(-pid, 'SIGINT')
    process.kill(pid, 'SIGINT')
    assert.deepEqual(await gone, [0, null])
    assert.match(running.output(), /"event":"stopped"/)
  })

  test('a stop in the middle of a start leaves nothing behind', async () => {
    const data = dataFolder()
    const environment = { ...process.env, PORT: '0', ADMIN_PORT: '0', PORTICO_DATA: data }
    const child = spawn(process.execPath, ['server/main.ts'], { env: environment, stdio: 'ignore' })
    // The lock is taken before anything else is started.
    await within(10_000, async () => existsSync(join(data, 'portico.pid')))
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
    for (const left of ['portico.pid', 'solstice.pid', 'postgres/postmaster.pid']) {
      assert.ok(!existsSync(join(data, left)), left)
    }
  })
})
