/**
 * The head of a request, in the small part of HTTP/1.1 that has one reading only. Null says nothing about the
 * request but that it is not in this part: `node:http` then reads the same bytes, and decides.
 */
import { newReading } from '#/gateway/exchange.ts'
import type { Reading } from '#/gateway/exchange.ts'
import { readFields, readLength } from '#/gateway/wire/fields.ts'

export type Fields = {
  /** The field lines as they came. */
  readonly text: string
  /** Flat: name, value, name, value, … */
  readonly headers: readonly string[]
  /** What `Content-Length` says; null: it was not sent. */
  readonly length: number | null
  /** Whether the connection is to serve another request. */
  readonly keep: boolean
  /** What the steps read from these fields, so that it is never taken for what others say. */
  readonly reading: Reading
}

export type RequestHead = {
  readonly method: string
  readonly target: string
  readonly fields: Fields
}

/** Those whose content, if any, is framed by `Content-Length` alone, and that no server treats in a way of its own. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
/** Origin-form (RFC 9112 §3.2.1) in visible ASCII; what may stand in it is for the steps to say. No fragment. */
const target = /^\/[\x21\x22\x24-\x7e]*$/
const version = ' HTTP/1.1\r\n'
const mostFields = 100

/**
 * `text` is one character a byte and has its first empty line at `end`. A client on a kept connection sends the same
 * fields again and again: `before` is what was read last, and the same text has the same reading.
 */
export function readRequestHead(text: string, end: number, before: Fields | null): RequestHead | null {
  // RFC 9112 §3: one space, and one more. Leading empty lines (§2.2) are left to node:http.
  const afterMethod = text.indexOf(' ')
  const method = text.slice(0, afterMethod)
  if (!methods.has(method)) return null
  const afterTarget = text.indexOf(' ', afterMethod + 1)
  if (afterTarget === -1 || !text.startsWith(version, afterTarget)) return null
  const asked = text.slice(afterMethod + 1, afterTarget)
  if (!target.test(asked)) return null
  const from = afterTarget + version.length
  const same = before !== null && end + 2 - from === before.text.length && text.startsWith(before.text, from)
  const fields = same ? before : readRequestFields(text, from, end + 2)
  return fields === null ? null : { method, target: asked, fields }
}

function readRequestFields(text: string, from: number, to: number): Fields | null {
  const headers = readFields(text, from, to, { most: mostFields, obsText: false })
  if (headers === null) return null
  let hosts = 0
  let length: number | null = null
  let connection: string | null = null
  for (let i = 0; i < headers.length; i += 2) {
    switch (headers[i]!.toLowerCase()) {
      case 'host':
        hosts++
        break
      case 'content-length':
        // RFC 9112 §6.3: two of them, or one that is no number, are an attempt at smuggling.
        if (length !== null || (length = readLength(headers[i + 1]!)) === -1) return null
        break
      case 'connection':
        if (connection !== null) return null
        connection = headers[i + 1]!.toLowerCase()
        if (connection !== 'keep-alive' && connection !== 'close') return null
        break
      // Of no standard, but read like `Connection` by some, node:http among them.
      case 'proxy-connection':
      case 'transfer-encoding':
      case 'trailer':
      case 'te':
      case 'expect':
      case 'upgrade':
        return null
      default:
    }
  }
  // RFC 9112 §3.2: none or several are refused, and that is not for us to say.
  if (hosts !== 1) return null
  return { text: text.slice(from, to), headers, length, keep: connection !== 'close', reading: newReading() }
}
