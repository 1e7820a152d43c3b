/** An upstream made by a test: a real server, what reached it byte for byte, and a handler that can be swapped. */
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Upstream = {
  readonly url: string
  readonly port: number
  /** Everything that arrived on any connection, as latin1 text. */
  received(): string
  /** Requests that were read so far. */
  requests(): number
  answer(handler: RequestListener): void
  /** Answers 200 with this JSON text. */
  answerJson(text: string, headers?: Record<string, string>): void
  close(): Promise<void>
}

export async function startUpstream(): Promise<Upstream> {
  const chunks: Buffer[] = []
  let requests = 0
  let handler: RequestListener = (_request, response) => response.writeHead(500).end()
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests++
    handler(request, response)
  })
  server.on('connection', (socket: Socket) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received: () => Buffer.concat(chunks).toString('latin1'),
    requests: () => requests,
    answer: (next) => (handler = next),
    answerJson: (text, headers = {}) => {
      handler = (request, response) => {
        request.resume()
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          ...headers,
        })
        response.end(text)
      }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
