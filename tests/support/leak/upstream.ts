/** An upstream that answers bytes: what no HTTP server would say can be said, too. */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export type Script = {
  readonly bytes: Buffer
  /** What becomes of the connection behind the bytes. */
  readonly afterwards: 'keep' | 'close' | 'reset'
  /** Bytes of a piece; the answer arrives in as many as it takes. */
  readonly piece: number
}

export type ScriptedUpstream = {
  readonly url: string
  readonly port: number
  /** What every request is answered from now on. */
  answer(script: Script): void
  close(): Promise<void>
}

/** Requests are read up to the end of their head: those of the leak tests have no content. */
export async function startScripted(): Promise<ScriptedUpstream> {
  const sockets = new Set<Socket>()
  let script: Script = { bytes: Buffer.alloc(0), afterwards: 'close', piece: 1 }
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (!received.includes('\r\n\r\n')) return
      received = ''
      say(socket, script)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    answer: (next) => (script = next),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Pieces leave in turns of the event loop of their own, so that they are read as several. */
function say(socket: Socket, { bytes, afterwards, piece }: Script, from = 0): void {
  if (socket.destroyed) return
  const to = Math.min(from + piece, bytes.length)
  socket.write(bytes.subarray(from, to), () => {
    if (to < bytes.length) setImmediate(say, socket, { bytes, afterwards, piece }, to)
    else if (afterwards === 'close') socket.end()
    else if (afterwards === 'reset') socket.resetAndDestroy()
  })
}
