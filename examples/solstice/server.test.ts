/** The process: what it says when it starts, and that it never outlives its parent or its usefulness. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSolstice } from './testing/child.ts'

const headers = { 'portico-partner-id': 'ptn_a' }

test('a port that is none, or is taken, is one clear line', async () => {
  await assert.rejects(startSolstice({ PORT: 'http' }), { message: 'solstice: PORT: http is no port' })
  const solstice = await startSolstice()
  const { port } = new URL(solstice.live)
  await assert.rejects(startSolstice({ PORT: port }), { message: /^solstice: listen EADDRINUSE[^\n]*$/ })
  await solstice.kill()
})

test('SIGTERM: an answer under way is finished, then the process is gone', async () => {
  const solstice = await startSolstice({ SOLSTICE_FAULTS: '1' })
  const request = get(`${solstice.live}/api/raw-data/export?limit=60000`, { headers })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  solstice.process.kill('SIGTERM')
  let newlines = 0
  for await (const chunk of response) newlines += String(chunk).split('\n').length - 1
  assert.equal(newlines, 60_000)
  const [code] = await once(solstice.process, 'exit')
  assert.equal(code, 0)
  await assert.rejects(fetch(`${solstice.live}/healthz`))
})

test('it ends when its parent is killed, which can tell it nothing', async () => {
  const parent = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { startSolstice } from ${JSON.stringify(join(import.meta.dirname, 'testing/child.ts'))}
       const { live, process } = await startSolstice()
       console.log(JSON.stringify({ live, pid: process.pid }))`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [output] = await once(parent.stdout, 'data')
  const { live } = JSON.parse(String(output)) as { live: string }
  const socket = connect(Number(new URL(live).port), '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  parent.kill('SIGKILL')
  // The system closes the sockets of a process that ends.
  await closed
  await assert.rejects(fetch(`${live}/healthz`))
})
