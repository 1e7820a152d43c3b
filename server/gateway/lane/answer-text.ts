/** An answer as the bytes that leave. */
import { STATUS_CODES } from 'node:http'
import type { Answer } from '#/gateway/exchange.ts'
import { createFieldWriter } from '#/gateway/wire/fields.ts'

const writeFields = createFieldWriter()
const statusLines: string[] = []

function statusLine(status: number): string {
  return (statusLines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`)
}

export type Written = {
  /** Up to and with the empty line, one character a byte. */
  readonly head: string
  /** No content may follow (RFC 9112 §6.3, rule 1). */
  readonly isBare: boolean
  /** The content goes in chunks (RFC 9112 §7.1). */
  readonly chunked: boolean
  /** The content that the head announces, in bytes; -1: it says nothing of it. */
  readonly length: number
}

/** `trailer`: the lines about the date and the connection. */
export function writeAnswerHead(method: string, answer: Answer, trailer: string): Written {
  const { status, headers, body, stream } = answer
  // RFC 9110 §9.3.2, §15.3.5, §15.4.5.
  const isBare = method === 'HEAD' || status === 204 || status === 304
  const head = statusLine(status) + writeFields(headers) + trailer
  const length = announced(headers)
  if (length !== -1 || isBare) return { head: `${head}\r\n`, isBare, chunked: false, length }
  if (stream !== null) {
    return { head: `${head}Transfer-Encoding: chunked\r\n\r\n`, isBare, chunked: true, length }
  }
  const counted = Buffer.byteLength(body)
  return { head: `${head}Content-Length: ${counted}\r\n\r\n`, isBare, chunked: false, length: counted }
}

function announced(headers: readonly string[]): number {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    if (name === 'Content-Length' || (name.length === 14 && name.toLowerCase() === 'content-length'))
      return Number(headers[i + 1])
  }
  return -1
}
