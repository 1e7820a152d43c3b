/** A port with the fast lane whose handler is the test, and a client that keeps its connection. */
import { once } from 'node:events'
import { createFastLane, createNodeLane } from '#/gateway/gateway.ts'
import { listen } from '#/kernel/http/http.ts'
import type { Listener } from '#/kernel/http/http.ts'
import { openSocket } from '../raw.ts'

/** A port with the fast lane, whose handler is the test. */
export async function startPort(
  handle: Parameters<typeof createNodeLane>[0]['handle'],
  tls: { readonly cert: string; readonly key: string } | null = null,
) {
  const listener: Listener = await listen({
    host: '127.0.0.1',
    port: 0,
    setting: 'PORT',
    hostSetting: 'HOST',
    tls,
  })
  const { server, port } = listener
  listener.serve(createNodeLane({ handle }), 'https://portico.test')
  const lane = createFastLane({
    server,
    gateway: { handle },
    isElsewhere: (target) => target === '/elsewhere',
    clock: { wall: () => 1_795_000_000_000 },
  })
  listener.front(lane)
  return { listener, lane, port, server }
}

/** Reads answer after answer. */
export async function openClient(port: number) {
  const socket = await openSocket(port)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => undefined)
  const closed = once(socket, 'close')
  return {
    socket,
    closed,
    send: (bytes: string) => socket.write(bytes, 'latin1'),
    /** So many answers with a `Content-Length`, or all there are when the connection has ended. */
    async answers(count: number): Promise<string[]> {
      for (;;) {
        const found = split(text)
        if (found.length >= count || socket.destroyed) return found
        await Promise.race([once(socket, 'data'), closed])
      }
    },
  }
}

function split(text: string): string[] {
  const answers: string[] = []
  let rest = text
  for (;;) {
    const head = rest.indexOf('\r\n\r\n')
    const length = /content-length: (\d+)/i.exec(rest.slice(0, head))?.[1]
    const end = head + 4 + Number(length ?? 0)
    if (head === -1 || rest.length < end) return answers
    answers.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
}

/** Asks again at every turn of the loop. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
