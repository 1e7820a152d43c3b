/** Every byte that comes back from a server on a connection of its own, and those bytes read as HTTP/1.1. */
import { once } from 'node:events'
import { connect } from 'node:net'

export type Captured = {
  /** All of it, as latin1 text. */
  readonly raw: string
  /** Heads of the informational answers before the final one. */
  readonly informational: readonly string[]
  readonly status: number
  readonly reason: string
  /** In the order in which they came, names as they were written. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Without the framing. */
  readonly body: Buffer
  /** What stood behind the last chunk. */
  readonly trailers: string
  /** The framing says that nothing is missing. */
  readonly complete: boolean
}

export async function capture(port: number, request: string): Promise<Captured> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A connection that is reset is one way to break off; what came before counts.
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  socket.write(request)
  await closed
  return readAnswer(Buffer.concat(chunks))
}

export function header(captured: Captured, name: string): string | undefined {
  return captured.headers.find(([one]) => one.toLowerCase() === name)?.[1]
}

/** Reads bytes as an answer; everything that is not there is empty. */
export function readAnswer(bytes: Buffer): Captured {
  const raw = bytes.toString('latin1')
  const informational: string[] = []
  let from = 0
  let head = headAt(raw, from)
  while (head !== null && /^HTTP\/1\.1 1\d\d/.test(head)) {
    informational.push(head)
    from += head.length + 4
    head = headAt(raw, from)
  }
  if (head === null) {
    return {
      raw,
      informational,
      status: 0,
      reason: '',
      headers: [],
      body: Buffer.alloc(0),
      trailers: '',
      complete: false,
    }
  }
  const [first = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const read = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first)
  const status = Number(read?.[1] ?? 0)
  const content = bytes.subarray(from + head.length + 4)
  return { raw, informational, status, reason: read?.[2] ?? '', headers, ...readContent(content, headers) }
}

function headAt(raw: string, from: number): string | null {
  const end = raw.indexOf('\r\n\r\n', from)
  return end === -1 ? null : raw.slice(from, end)
}

function readContent(
  bytes: Buffer,
  headers: Captured['headers'],
): Pick<Captured, 'body' | 'trailers' | 'complete'> {
  const valueOf = (name: string) => headers.find(([one]) => one.toLowerCase() === name)?.[1]
  if (valueOf('transfer-encoding') === 'chunked') return readChunks(bytes)
  const length = valueOf('content-length')
  return { body: bytes, trailers: '', complete: length === undefined || bytes.length === Number(length) }
}

function readChunks(bytes: Buffer): Pick<Captured, 'body' | 'trailers' | 'complete'> {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const line = lineEnd === -1 ? '' : bytes.toString('latin1', at, lineEnd)
    // A chunk extension is no framing of ours, so its text must show up somewhere: as a trailer.
    if (!/^[0-9a-f]+$/i.test(line)) {
      const trailers = bytes.toString('latin1', at)
      return { body: Buffer.concat(chunks), trailers, complete: false }
    }
    const size = Number.parseInt(line, 16)
    at = lineEnd + 2
    if (size === 0) {
      const trailers = bytes.toString('latin1', at).replace(/\r\n$/, '')
      return { body: Buffer.concat(chunks), trailers, complete: bytes.length >= at + 2 }
    }
    chunks.push(bytes.subarray(at, Math.min(at + size, bytes.length)))
    at += size + 2
  }
}
