/** A client that sends bytes as they are, for what no HTTP library would send. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Sends the bytes and resolves with all that comes back until the server closes the connection. */
export async function exchangeBytes(port: number, bytes: string | Buffer): Promise<string> {
  const socket = await openSocket(port)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(bytes)
  await closed
  return Buffer.concat(chunks).toString('latin1')
}

/** A request text with `Connection: close`, so that `exchangeBytes` ends. */
export function requestText(method: string, target: string, headers: readonly string[], body = ''): string {
  const head = [`${method} ${target} HTTP/1.1`, 'Host: gateway.example', 'Connection: close', ...headers]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
}

/** Headers by lower-case name; a line that came twice is joined with a comma. */
export function headersOf(answer: string): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of answer.split('\r\n\r\n', 1)[0]!.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value)
  }
  return headers
}
