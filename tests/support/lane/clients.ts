/** One client and an upstream of its own that sends the bytes it is told to, and then behaves. */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Client } from '#/gateway/gateway.ts'
import type { AnswerStream } from './answers.ts'

export type Outcome =
  | { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly content: string }
  | { readonly error: string; readonly hadConnection: boolean }

export type Told = {
  /** What became of the request that the stream answered. */
  readonly outcome: Outcome
  /** What became of the next one, which was answered with `clean`. */
  readonly next: Outcome
}

export type Talking = {
  tell(stream: AnswerStream): Promise<Told>
  close(): Promise<void>
}

export const clean = 'only what was asked for'

type Opened = { readonly client: Client; close(): unknown }

export async function startTalking(open: (port: number) => Opened): Promise<Talking> {
  let asked: ((socket: Socket) => void) | null = null
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      const first = asked
      asked = null
      if (first !== null) first(socket)
      else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${clean.length}\r\n\r\n${clean}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  async function tell(stream: AnswerStream): Promise<Told> {
    const opened = open(port)
    const { client } = opened
    const came = Promise.withResolvers<Socket>()
    asked = came.resolve
    const first = request(client, stream.method)
    const socket = await came.promise
    let sent = 0
    for (const cut of [...stream.cuts, stream.bytes.length]) {
      if (socket.destroyed) break
      socket.write(stream.bytes.subarray(sent, cut))
      sent = cut
      await turns()
    }
    // An answer that waits for more gets its end.
    if (!first.isOver()) socket.end()
    const outcome = await first.outcome
    await turns()
    const next = await request(client, 'GET').outcome
    socket.destroy()
    await opened.close()
    return { outcome, next }
  }

  return {
    tell,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function request(client: Client, method: string): { readonly outcome: Promise<Outcome>; isOver(): boolean } {
  const over = Promise.withResolvers<Outcome>()
  let isOver = false
  let status = 0
  let headers: Readonly<Record<string, unknown>> = {}
  const chunks: Buffer[] = []
  const end = (outcome: Outcome): void => {
    isOver = true
    over.resolve(outcome)
  }
  client.dispatch(
    { path: '/a', method, headers: [], body: null, headersTimeout: 10_000, bodyTimeout: 10_000 },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, sent, by) => {
        status = sent
        headers = { ...by }
      },
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => end({ status, headers, content: Buffer.concat(chunks).toString('latin1') }),
      onResponseError: (controller, error) =>
        end({ error: (error as { code?: string }).code ?? error.name, hadConnection: controller !== null }),
    },
  )
  return { outcome: over.promise, isOver: () => isOver }
}

/** Until what was written has been read and dealt with. */
async function turns(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve))
}
