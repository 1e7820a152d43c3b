/** Pages of a list and bodies that are made while they are sent. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { createHttp, pageOf, route, streamed } from '#/kernel/http/http.ts'
import { silentLog } from '#/kernel/log/log.ts'

const sealer = createSealer(randomBytes(32))

test('pages give every row once, in order, whatever their length', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 12 }),
      async (count, limit) => {
        const all = Array.from({ length: count }, (_, i) => ({ id: String(i).padStart(3, '0') }))
        const seen: { id: string }[] = []
        for (let cursor: string | null | undefined; cursor !== null;) {
          const page = await pageOf(
            sealer,
            ['all'],
            { limit, ...(cursor !== undefined && { cursor }) },
            async (from) =>
              all.filter(({ id }) => from.after === undefined || id > from.after).slice(0, from.limit),
          )
          assert.ok(page.data.length <= limit)
          seen.push(...page.data)
          cursor = page.nextCursor
        }
        assert.deepEqual(seen, all)
      },
    ),
    { numRuns: 50 },
  )
})

test('400 for a cursor of another list, of another filter, and for one that was made elsewhere', async () => {
  const rows = async () => [{ id: 'a' }, { id: 'b' }]
  const { nextCursor } = await pageOf(sealer, ['things', 'red'], { limit: 1 }, rows)
  assert.ok(nextCursor)
  const forged = Buffer.concat([randomBytes(16), Buffer.from('a')]).toString('base64url')
  const tries = [
    [['things', 'blue'], nextCursor],
    [['others', 'red'], nextCursor],
    [['things', 'red'], forged],
    [['things', 'red'], 'a'],
  ] as const
  for (const [bound, cursor] of tries) {
    await assert.rejects(pageOf(sealer, bound, { cursor }, rows), /http\.bad_cursor/)
  }
})

/** A source without an end, and how far it was asked to go. */
function endless() {
  const state = { pieces: 0, stopped: Promise.withResolvers<void>() }
  async function* source() {
    try {
      for (;;) {
        state.pieces += 1
        yield 'x'.repeat(65_536)
      }
    } finally {
      state.stopped.resolve()
    }
  }
  const made = createHttp({
    log: silentLog(),
    base: () => '',
    routes: [
      route({
        method: 'GET',
        path: '/endless',
        permission: 'public',
        summary: 'Never ends',
        handle: async () => ({
          status: 200,
          headers: { 'content-type': 'application/jsonl' },
          body: streamed(source()),
        }),
      }),
    ],
  })
  return { state, made }
}

test('a stream waits for a slow reader, and stops when the reader goes', async () => {
  const { state, made } = endless()
  const http = await made
  const server = createServer((request, response) => http.routing(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', path: '/endless' })
  request.on('error', () => {})
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  assert.equal(answer.headers['content-type'], 'application/jsonl')
  await once(answer, 'readable')
  // Nobody reads on: what is asked of the source is bounded by the buffers between the two, some megabytes.
  for (let before = -1; before !== state.pieces;) {
    before = state.pieces
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.ok(state.pieces < 1000, String(state.pieces))
  request.destroy()
  await state.stopped.promise
  server.close()
  await http.close()
})

test('HEAD does not run the source', async () => {
  const { state, made } = endless()
  const http = await made
  const answer = await http.inject({ method: 'HEAD', url: '/endless' })
  assert.equal(answer.statusCode, 200)
  assert.equal(state.pieces, 0)
  await http.close()
})
