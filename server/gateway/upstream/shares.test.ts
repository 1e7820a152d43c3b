/** A partner that holds all it can get keeps nobody else waiting. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { compileTestContract } from '../../../tests/support/gateway-contract.ts'
import { keys, startScene } from '../../../tests/support/gateway.ts'
import { openSocket } from '../../../tests/support/raw.ts'
import { createShares } from './shares.ts'

test('so many at a time, the others in their order, and nobody else waits for them', () => {
  const shares = createShares(2)
  const went: string[] = []
  const enter = (partner: string, name: string, isWanted = true) =>
    shares.enter(partner, () => {
      if (isWanted) went.push(name)
      return isWanted
    })
  for (const name of ['a1', 'a2', 'a3']) enter('a', name)
  enter('a', 'gone', false)
  for (const name of ['a4', 'a5']) enter('a', name)
  enter('b', 'b1')
  assert.deepEqual(went, ['a1', 'a2', 'b1'])
  shares.leave('a')
  assert.deepEqual(went.slice(3), ['a3'])
  shares.leave('a')
  assert.deepEqual(went.slice(4), ['a4'], 'what is given up takes no place')
  shares.leave('b')
  shares.leave('a')
  shares.leave('a')
  shares.leave('a')
  enter('a', 'a6')
  enter('a', 'a7')
  enter('a', 'a8')
  assert.deepEqual(went.slice(5), ['a5', 'a6', 'a7'])
})

test('what ends while it starts leaves room for the next', () => {
  const shares = createShares(1)
  const went: number[] = []
  for (const name of [1, 2, 3]) {
    shares.enter('a', () => {
      went.push(name)
      shares.leave('a')
      return true
    })
  }
  assert.deepEqual(went, [1, 2, 3])
})

test('a hundred thousand that were given up are gone through at once', () => {
  const shares = createShares(1)
  shares.enter('a', () => true)
  for (let i = 0; i < 100_000; i++) shares.enter('a', () => false)
  let isLast = false
  shares.enter('a', () => (isLast = true))
  shares.leave('a')
  assert.ok(isLast)
})

test('readers that do not read leave half of the connections to others', async (t) => {
  const scene = await startScene(compileTestContract(), { connections: 4 })
  t.after(() => scene.close())
  const line = `{"id":"1","name":"${'x'.repeat(8_000)}"}\n`
  scene.upstream.answer((request, response) => {
    if (request.url === '/things')
      return void response.setHeader('content-type', 'application/json').end('[]')
    response.setHeader('content-type', 'application/x-ndjson')
    const more = (): void => {
      while (!response.destroyed && response.write(line));
    }
    response.on('drain', more)
    more()
  })
  const readers = await Promise.all(Array.from({ length: 6 }, () => openSocket(scene.port)))
  for (const reader of readers) {
    reader.write(`GET /export HTTP/1.1\r\nHost: g\r\nX-Api-Key: ${keys.live}\r\n\r\n`)
  }
  await Promise.all(readers.slice(0, 2).map((reader) => once(reader, 'readable')))
  const other = await scene.fetch('/things', { headers: { authorization: `Bearer ${keys.other}` } })
  assert.equal(other.status, 200)
  assert.equal(scene.upstream.requests(), 3, 'the other four wait')
  // Whoever waited goes when somebody leaves.
  for (const reader of readers.slice(0, 2)) reader.destroy()
  await Promise.all(readers.slice(2, 4).map((reader) => once(reader, 'readable')))
  for (const reader of readers) reader.destroy()
})
