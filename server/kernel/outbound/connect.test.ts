/** The connector alone: it trusts nobody before it, and looks again at whom it reached. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { after, test } from 'node:test'
import type { Reach } from '#/kernel/outbound/addresses.ts'
import { createConnector } from '#/kernel/outbound/connect.ts'
import { OutboundError } from '#/kernel/outbound/outbound.ts'

const server = createServer()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const open: Socket[] = []
after(() => {
  for (const socket of open) socket.destroy()
  server.close()
})
const port = String((server.address() as AddressInfo).port)

function connect(hostname: string, answers: Reach[]): Promise<Socket> {
  const connector = createConnector({
    reach: () => answers.shift() ?? 'special',
    allowLoopback: false,
    resolve: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    timeout: 1000,
  })
  return new Promise((resolve, reject) => {
    connector({ hostname, protocol: 'http:', port }, (error, socket) => {
      if (error) reject(error)
      else {
        open.push(socket)
        resolve(socket)
      }
    })
  })
}

const refused = (error: unknown) => error instanceof OutboundError && error.code === 'address'

test('a literal is looked at although no name is looked up for it', async () => {
  let knocks = 0
  const count = () => void (knocks += 1)
  server.on('connection', count)
  await assert.rejects(connect('127.0.0.1', ['special']), refused)
  assert.equal(knocks, 0)
  server.off('connection', count)
})

test('where a connection led is looked at again, and it is closed', async () => {
  const knock = once(server, 'connection') as Promise<[Socket]>
  await assert.rejects(connect('rebind.example', ['public', 'special']), refused)
  const [socket] = await knock
  socket.resume()
  if (!socket.destroyed) await once(socket, 'close')
  assert.equal((await connect('fine.example', ['public', 'public'])).remoteAddress, '127.0.0.1')
})
