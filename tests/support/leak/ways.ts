/** Everything that goes wrong behind a gateway, and what somebody would do to an answer on purpose. */
import { gzipSync } from 'node:zlib'
import { isNode } from '../release/node.ts'
import {
  bytesOf,
  eventOf,
  lineOf,
  mark,
  mostBytes,
  plain,
  typeOf,
  type Making,
  type Message,
} from './message.ts'

const unreadable = (message: Message, content: string | Buffer): void => {
  message.values = null
  message.content = Buffer.from(content as string)
}

const withType = (message: Message, ...types: string[]): void => {
  const others = message.headers.filter(([name]) => name !== 'Content-Type')
  message.headers = [...types.map((type) => ['Content-Type', type] as const), ...others]
}

const html = (making: Making): string => `<html><title>${mark(making)}</title>${mark(making)}</html>`

/** Everything that goes wrong behind a gateway, and what somebody would do to it on purpose. */
export const ways: Readonly<Record<string, (message: Message, making: Making) => void>> = {
  'another status': (message, { dice, subject }) => {
    if (subject.undescribed.length > 0) message.status = dice.pick(subject.undescribed)
  },
  'a page of a proxy': (message, making) => {
    unreadable(message, html(making))
    withType(message, 'text/html')
  },
  'a page under the type of the document': (message, making) => unreadable(message, html(making)),
  'another type': (message, making) =>
    withType(
      message,
      making.dice.pick(['text/plain', 'application/xml', 'application/jsonl', `x/${mark(making)}`]),
    ),
  'no type': (message) => withType(message),
  'two types': (message, making) => withType(message, typeOr(making), 'text/plain'),
  'a wrong value': (message, making) => {
    if (message.values === null || message.values.length === 0) return
    const at = making.dice.roll(message.values.length)
    const values = message.values.map((one, index) => (index === at ? spoiled(making, one) : one))
    message.values = values
    const write = { json: JSON.stringify, 'json-lines': (one: unknown) => lineOf(making, one) }
    const of = making.subject.form === 'json' ? write.json : write['json-lines']
    const event = (one: unknown) => eventOf(making, one)
    message.content = Buffer.from(
      values.map((one) => (making.subject.form === 'event-stream' ? event(one) : of(one))).join(''),
    )
  },
  'a cut text': (message, { dice, subject }) => {
    const kept = message.content.subarray(0, dice.roll(message.content.length + 1))
    message.content = kept
    if (subject.form === 'json') message.values = valuesOf(kept)
  },
  'a line that is none': (message, making) => {
    message.content = Buffer.concat([
      message.content,
      Buffer.from(`data: {"${mark(making)}\n${mark(making)}\n\n`),
    ])
    if (making.subject.form === 'json') message.values = null
  },
  'bytes that are no text': (message, making) => {
    unreadable(message, Buffer.concat([Buffer.from(`{"${mark(making)}":"`), Buffer.from([0xff, 0xc0, 0xaf])]))
  },
  'a byte order mark': (message) => {
    message.content = Buffer.concat([Buffer.from('\ufeff'), message.content])
  },
  'two values': (message, making) => {
    const more = Buffer.from(` {"${mark(making)}":1}`)
    if (making.subject.form === 'json') unreadable(message, Buffer.concat([message.content, more]))
  },
  'a name twice': (message, making) => {
    if (making.subject.form !== 'json' || !isNode(message.values?.[0])) return
    const again = Object.keys(message.values[0]).map((name) => `${JSON.stringify(name)}:"${mark(making)}"`)
    const text = message.content.toString()
    const inner = text.slice(1, -1)
    message.content = Buffer.from(`{${[...again, ...(inner === '' ? [] : [inner])].join(',')}}`)
  },
  'too much': (message, making) => {
    const padding = Buffer.alloc(mostBytes, `"${mark(making)}",`)
    unreadable(message, Buffer.concat([Buffer.from('['), padding, Buffer.from('1]')]))
  },
  'too deep': (message, making) =>
    unreadable(message, `${'['.repeat(50_000)}"${mark(making)}"${']'.repeat(50_000)}`),
  compressed: (message) => {
    message.headers.push(['Content-Encoding', 'gzip'])
    unreadable(message, gzipSync(message.content))
  },
  'an encoding that it has not': (message, making) => {
    message.headers.push(['Content-Encoding', making.dice.pick(['gzip', 'br', mark(making)])])
    unreadable(message, message.content)
  },
  nothing: (message) => unreadable(message, ''),
  'less than was promised': (message, { dice, subject }) => {
    message.cut = 1 + dice.roll(message.content.length + 4)
    message.afterwards = dice.pick(['close', 'reset'])
    if (subject.form === 'json') message.values = null
  },
  'until it is closed': (message) => {
    message.framing = 'close'
    message.afterwards = 'close'
  },
  'more than was promised': (message, making) => {
    message.behind = `HTTP/1.1 200 ${mark(making)}\r\nContent-Length: 0\r\nX-M: ${mark(making)}\r\n\r\n`
    message.afterwards = 'close'
  },
  // Whoever kept the connection would take it for the answer to the next request on it.
  'an answer to nobody': (message, making) => {
    message.behind = bytesOf({ ...plain(making), before: '' }, making).toString('latin1')
    message.framing = 'length'
  },
  'another protocol': (message, making) => {
    message.before = `HTTP/1.1 101 ${mark(making)}\r\nConnection: Upgrade\r\nUpgrade: ${mark(making)}\r\n\r\n`
  },
  'what is no HTTP': (message, making) => {
    message.before = `${making.dice.pick(['220', 'HTTP/1.1 20', '\r\n\r\n'])} ${mark(making)}\r\n${mark(making)}`
    message.afterwards = 'close'
    message.values = null
  },
  'a header that is none': (message, making) => {
    const lines = [`X\u0001: ${mark(making)}`, mark(making), `X-A: ${mark(making)}\n X-B: ${mark(making)}`]
    message.headers.push(['X-Odd', `1\r\n${making.dice.pick(lines)}`])
  },
  'a header of the document that is odd': (message, making) => {
    const odd = making.dice.pick(['\u0001', '\u00e9', '\u007f', '\t', '\u0000'])
    message.headers = message.headers.map(([name, value]) => [
      name,
      making.subject.headers.has(name) ? `${mark(making)}${odd}${mark(making)}` : value,
    ])
  },
  'headers of the document twice': (message) => {
    message.headers.push(...message.headers.filter(([name]) => name !== 'Content-Type'))
  },
}

function valuesOf(content: Buffer): unknown[] | null {
  try {
    return [JSON.parse(content.toString())]
  } catch {
    return null
  }
}

function typeOr(making: Making): string {
  return making.subject.mediaType === null ? 'application/json' : typeOf(making)
}

/** One place in a value, anywhere in it, becomes something of another type. */
function spoiled(making: Making, value: unknown): unknown {
  const { dice } = making
  const inside = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (inside.length === 0 || dice.chance(0.15)) {
    const other = { [`m${making.next++}`]: mark(making) }
    return dice.pick<unknown>([mark(making), making.next++, true, null, [mark(making)], other, [[other]]])
  }
  const at = dice.pick(inside)
  const entries = Object.entries(value as object)
  const changed = entries.map(([name, one]) => [name, name === at ? spoiled(making, one) : one] as const)
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed)
}
