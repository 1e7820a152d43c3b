/** The embedded database dies or hangs under a running gateway: calls go on, and none that was answered is lost. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { call, startPortico } from '../support/portico.ts'

const portico = await startPortico()
after(() => portico.stop())
const { publicUrl, adminUrl, partners } = portico.facts
const key = partners.pro.live.apiKey

type Health = {
  readonly status: string
  readonly checks: Record<'database' | 'snapshot' | 'journal', string>
}

async function health(): Promise<Health> {
  return (await call(`${adminUrl}/readyz`)).body as Health
}

/** Process of the server and those of its own children. */
function serverProcesses(data = portico.data): readonly number[] {
  const file = join(data, 'postgres', 'postmaster.pid')
  const server = Number(readFileSync(file, 'utf8').split('\n')[0])
  const children = spawnSync('pgrep', ['-P', String(server)], { encoding: 'utf8' }).stdout
  return [server, ...children.trim().split('\n').map(Number)]
}

async function until(what: string, ask: () => Promise<boolean>, limit = 15_000): Promise<void> {
  for (const started = Date.now(); !(await ask()); await delay(25)) {
    assert.ok(Date.now() - started < limit, `not within ${limit} ms: ${what}`)
  }
}

/** Calls without a pause until told to stop; how many were answered, and with which statuses. */
function callAll(clients: number) {
  const statuses = new Map<number, number>()
  const stopped = { yes: false }
  const client = async () => {
    while (!stopped.yes) {
      const { status } = await call(`${publicUrl}/api/products?limit=1`, { key })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const running = Promise.all(Array.from({ length: clients }, client))
  return {
    async stop() {
      stopped.yes = true
      await running
      return Object.fromEntries(statuses)
    },
  }
}

async function counted(): Promise<number> {
  const usage = await call(`${publicUrl}/partner/usage`, { key })
  assert.equal(usage.status, 200, usage.text)
  const rows = usage.body.data as { operation: string; calls: number }[]
  return rows.filter((row) => row.operation === 'listProducts').reduce((sum, row) => sum + row.calls, 0)
}

test('one that is killed comes back by itself; every call is answered, and counted once', async () => {
  const [server = 0] = serverProcesses()
  const calls = callAll(4)
  await delay(200)
  process.kill(server, 'SIGKILL')
  const statuses = new Set<number>()
  await until('the outage is noticed', async () => {
    const { status } = await call(`${publicUrl}/partner/usage`, { key })
    statuses.add(status)
    return status === 503 || (await health()).checks.database === 'away'
  })
  assert.ok(!statuses.has(500), 'our own operations say what they wait for')
  await until('it is back', async () => (await health()).checks.database === 'ok')
  await until('changes are heard of', async () => (await health()).checks.snapshot === 'ok')
  assert.notEqual(serverProcesses()[0], server)
  await delay(200)
  const answered = await calls.stop()
  assert.deepEqual(Object.keys(answered), ['200'])
  await until('all are counted', async () => (await counted()) === answered[200])
  await delay(500)
  assert.equal(await counted(), answered[200])
})

test('one that hangs holds up neither calls nor the answer about it', async () => {
  const before = await counted()
  const frozen = serverProcesses()
  for (const pid of frozen) process.kill(pid, 'SIGSTOP')
  try {
    for (let round = 0; round < 3; round += 1) {
      const started = Date.now()
      const { checks } = await health()
      assert.ok(Date.now() - started < 1000, `answered after ${Date.now() - started} ms`)
      assert.equal(checks.database, 'away')
    }
    assert.equal((await call(`${publicUrl}/api/products?limit=1`, { key })).status, 200)
    await until('changes are missed', async () => (await health()).checks.snapshot === 'behind')
  } finally {
    for (const pid of frozen) process.kill(pid, 'SIGCONT')
  }
  await until('it answers again', async () => (await health()).checks.database === 'ok')
  await until('the call is counted', async () => (await counted()) === before + 1)
})

test('what is known is served for a while and not for ever', async () => {
  const brief = await startPortico({ PORTICO_SNAPSHOT_AGE: '3s' })
  const ask = () =>
    call(`${brief.facts.publicUrl}/api/products?limit=1`, { key: brief.facts.partners.pro.live.apiKey })
  try {
    assert.equal((await ask()).status, 200)
    const frozen = serverProcesses(brief.data)
    for (const pid of frozen) process.kill(pid, 'SIGSTOP')
    try {
      await until('calls are refused', async () => (await ask()).status !== 200)
      const refused = await ask()
      assert.equal(refused.status, 503)
      assert.equal(refused.body.code, 'gateway.not_current')
      assert.equal(refused.headers.get('retry-after'), '5')
    } finally {
      for (const pid of frozen) process.kill(pid, 'SIGCONT')
    }
    await until('calls are served again', async () => (await ask()).status === 200)
  } finally {
    await brief.stop()
  }
})

test('what happened stands in the log, and no key does', () => {
  const said = portico.output()
  for (const event of ['database.ended', 'database.restarted']) assert.ok(said.includes(event), event)
  const log = said.split('\n').filter((line) => line.startsWith('{'))
  assert.deepEqual(
    log.filter((line) => line.includes('ptk_')),
    [],
  )
})
