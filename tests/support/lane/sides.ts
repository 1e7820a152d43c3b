/** A server with the fast lane and one without, which get the same bytes in the same pieces and tell what they saw. */
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createFastLane, createNodeLane, expectContinue } from '#/gateway/gateway.ts'
import type { Answer, Request } from '#/gateway/gateway.ts'
import { answerBroken } from '#/kernel/http/http.ts'
import type { Stream } from './requests.ts'

/** `wait`: a piece is sent when all before it was answered; `hold`: nothing is answered before all was sent. */
export type Pace = 'wait' | 'hold'

export type Sight = {
  /** Every request, as the handler saw it. */
  readonly seen: readonly string[]
  /** Everything that came back, one character a byte. */
  readonly answers: string
}

export type Side = {
  /** How many requests the fast lane served. */
  inLane(): number
  send(stream: Stream, pace: Pace): Promise<Sight>
  close(): void
}

type Handle = (request: Request, respond: (answer: Answer) => void) => void

/** One connection at a time. */
export async function startSide(withLane: boolean): Promise<Side> {
  const seen: string[] = []
  const held: (() => void)[] = []
  let inLane = 0
  const handle: Handle = (request, respond) => {
    // Its place is kept by its head: when node:http hands on content depends on where the bytes came from.
    const place = seen.push('') - 1
    const see = (content: string): void => {
      const { method, target, headers, remote, secure } = request
      const sight = JSON.stringify({ method, target, headers, remote, secure, content })
      seen[place] = sight
      held.push(() => respond(answerOf(target, sight)))
    }
    if (request.body === null) see('none')
    else request.body.collect(100_000, (failure, bytes) => see(failure ?? bytes.toString('latin1')))
  }
  const server = createServer(createNodeLane({ handle }))
  expectContinue(server)
  answerBroken(server, () => 'https://portal.example')
  const counted: Handle = (request, respond) => {
    inLane++
    handle(request, respond)
  }
  const clock = { wall: () => 0 }
  const options = { server, gateway: { handle: counted }, isElsewhere: () => false, clock }
  const lane = withLane ? createFastLane(options) : null
  const accepted: Socket[] = []
  server.prependListener('connection', (socket: Socket) => void accepted.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  async function send(stream: Stream, pace: Pace): Promise<Sight> {
    seen.length = held.length = accepted.length = 0
    const client = openClient(port)
    while (accepted.length === 0) await turn()
    const socket = accepted.pop()!
    let sent = 0
    for (const cut of [...stream.cuts, stream.bytes.length]) {
      client.socket.write(stream.bytes.subarray(sent, cut))
      sent = cut
      // Of one that sends far ahead nothing more is read before it has its answers.
      while (!client.isClosed() && !socket.destroyed && !socket.isPaused() && socket.bytesRead < sent)
        await turn()
      if (pace === 'wait') await release()
    }
    await release()
    client.socket.end()
    await client.closed
    return { seen: [...seen], answers: client.received() }
  }

  async function release(): Promise<void> {
    await turns()
    for (let go = held.shift(); go !== undefined; go = held.shift()) {
      go()
      await turns()
    }
  }

  return {
    inLane: () => inLane,
    send,
    close: () => {
      lane?.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** What it does depends on the target. */
function answerOf(target: string, body: string): Answer {
  const type = ['Content-Type', 'text/plain']
  if (target === '/empty') return { status: 204, headers: ['X-Y', 'z'], body: '', stream: null }
  if (target !== '/stream') {
    const headers = [...type, 'Content-Length', String(Buffer.byteLength(body))]
    return { status: 200, headers, body, stream: null }
  }
  const stream: Answer['stream'] = {
    start: (sink) => {
      sink.write(body)
      sink.end()
    },
    drained: () => undefined,
  }
  return { status: 200, headers: type, body: '', stream }
}

type Client = {
  readonly socket: Socket
  readonly closed: Promise<void>
  isClosed(): boolean
  received(): string
}

function openClient(port: number): Client {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  let isClosed = false
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true
      resolve()
    })
  })
  return {
    socket,
    closed,
    isClosed: () => isClosed,
    received: () => Buffer.concat(chunks).toString('latin1'),
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Until everything that waits for a turn of the loop has had it, several times over. */
async function turns(): Promise<void> {
  for (let i = 0; i < 4; i++) await turn()
}
