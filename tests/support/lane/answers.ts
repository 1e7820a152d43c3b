/** Byte streams that begin like answers of an upstream: good ones, odd ones and evil ones. */
import fc from 'fast-check'

function mostly(usual: readonly string[], odd: readonly string[]): fc.Arbitrary<Part> {
  return fc.oneof(
    { weight: 14, arbitrary: fc.constantFrom(...usual).map((text) => ({ text, plain: true })) },
    { weight: 1, arbitrary: fc.constantFrom(...odd).map((text) => ({ text, plain: false })) },
  )
}

/** `plain`: as RFC 9112 has it, so every client must take it. */
type Part = { readonly text: string; readonly plain: boolean }

const statusLines = mostly(
  [
    'HTTP/1.1 200 OK',
    'HTTP/1.1 201 ',
    'HTTP/1.1 404 Not Found',
    'HTTP/1.1 503 x',
    'HTTP/1.1 204 x',
    'HTTP/1.1 304 x',
  ],
  [
    'HTTP/1.0 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/2.0 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1 200',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 x',
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 999 x',
    'HTTP/1.1 200 \u00e9',
    'HTTP/1.1 200 a\0',
    'HTTP/1.1 200 a\rb',
    ' HTTP/1.1 200 OK',
    '\r\nHTTP/1.1 200 OK',
    'ICY 200 OK',
    '',
  ],
)
const interim = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('HTTP/1.1 103 E\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 102 P\r\n\r\n') },
)
const field = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .constantFrom(
        'Content-Type: application/json',
        'X-A:b',
        'X-A:  spaced\t',
        'X-A:',
        'Set-Cookie: a=b',
        'Set-Cookie: c=d',
        'X-Name: \u00e9\u00fc',
        'Connection: keep-alive',
        'Keep-Alive: timeout=60',
        'Date: Thu, 26 Nov 2026 10:00:00 GMT',
        '__proto__: x',
      )
      .map((text) => ({ text, plain: true })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        'Connection: close',
        'Connection: Close',
        'Connection: keep-alive, close',
        'Connection: upgrade',
        'Keep-Alive: timeout=1',
        'Keep-Alive: timeout=0',
        'Upgrade: websocket',
        'X-A : b',
        ' X-A: b',
        'X-A',
        ': b',
        'X A: b',
        'X-A: b\rX-B: c',
        'X-A: b\nX-B: c',
        'X-A: b\0',
        'X-A: \x7f',
        'X-A:\r\n folded',
        'Content-Length: 0',
        'Content-Length: 5',
        'Content-Length: 05',
        'Content-Length: +5',
        'Content-Length: 5, 5',
        'Content-Length: 0x5',
        'Content-Length:',
        'Content-Length: 99999999999999999999',
        'Transfer-Encoding: chunked',
        'Transfer-Encoding: gzip',
        'Transfer-Encoding: gzip, chunked',
        'Transfer-Encoding: chunked, identity',
      )
      .map((text) => ({ text, plain: false })),
  },
)

const smuggled = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled'

type Content = { readonly framing: string; readonly content: string; readonly plain: boolean }

const plainContent: fc.Arbitrary<Content> = fc.oneof(
  fc.string({ maxLength: 60 }).map((content) => ({
    framing: `Content-Length: ${Buffer.byteLength(content)}`,
    content,
    plain: true,
  })),
  fc
    .constantFrom(
      '5\r\n12345\r\n0\r\n\r\n',
      '1\r\na\r\n1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n',
      '0\r\n\r\n',
      '2;x=y\r\nab\r\n0\r\nX-T: 1\r\n\r\n',
    )
    .map((content) => ({ framing: 'Transfer-Encoding: chunked', content, plain: true })),
)
const oddContent: fc.Arbitrary<Content> = fc
  .constantFrom(
    ['', '12345'],
    ['', ''],
    ['Content-Length: 5', '123'],
    ['Content-Length: 5', `12345${smuggled}`],
    ['Content-Length: 0', smuggled],
    ['Content-Length: 5\r\nTransfer-Encoding: chunked', '5\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked\r\nContent-Length: 5', '5\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', `5\r\n12345\r\n0\r\n\r\n${smuggled}`],
    ['Transfer-Encoding: chunked', '5\r\n12345\r\n0\r\n'],
    ['Transfer-Encoding: chunked', '6\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '4\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '5\n12345\n0\n\n'],
    ['Transfer-Encoding: chunked', '5 \r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', ' 5\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '+5\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '0x5\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '05\r\n12345\r\n000\r\n\r\n'],
    ['Transfer-Encoding: chunked', 'ffffffffffffffff1\r\na\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '5;\0\r\n12345\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '5\r\n12345\r\n0\r\nX : 1\r\n\r\n'],
    ['Transfer-Encoding: chunked', '5\r\n12345\r\n0\r\nContent-Length: 5\r\n\r\n'],
    ['transfer-encoding: CHUNKED', '5\r\n12345\r\n0\r\n\r\n'],
  )
  .map(([framing, content]) => ({ framing, content, plain: false }))

export type AnswerStream = {
  readonly method: 'GET' | 'HEAD'
  readonly bytes: Buffer
  readonly cuts: readonly number[]
  /** Nothing in it is odd. */
  readonly plain: boolean
}

export const answerStreams: fc.Arbitrary<AnswerStream> = fc
  .record({
    method: fc.constantFrom('GET' as const, 'GET' as const, 'GET' as const, 'HEAD' as const),
    interim,
    line: statusLines,
    fields: fc.array(field, { maxLength: 5 }),
    content: fc.oneof({ weight: 4, arbitrary: plainContent }, { weight: 1, arbitrary: oddContent }),
    lineEnd: fc.oneof({ weight: 20, arbitrary: fc.constant('\r\n') }, fc.constantFrom('\n', '\r', '\r\r\n')),
    changes: fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      fc.array(fc.record({ at: fc.nat(300), remove: fc.nat(2), insert: fc.uint8Array({ maxLength: 3 }) }), {
        minLength: 1,
        maxLength: 2,
      }),
    ),
    cuts: fc.array(fc.nat(300), { maxLength: 4 }),
  })
  .map((parts) => {
    const { method, line, fields, content, lineEnd, changes } = parts
    const lines = [line.text, ...fields.map(({ text }) => text), content.framing].filter(
      (text) => text !== '',
    )
    const empty = method === 'HEAD' || / (?:204|304) /.test(line.text)
    const head = `${lines.slice(0, -1).join('\r\n')}${lines.length > 1 ? lineEnd : ''}${lines.at(-1) ?? ''}\r\n\r\n`
    const isPlain = line.plain && content.plain && lineEnd === '\r\n' && fields.every(({ plain }) => plain)
    let bytes = Buffer.from(`${parts.interim}${head}${empty && isPlain ? '' : content.content}`, 'latin1')
    for (const { at, remove, insert } of changes) {
      bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)])
    }
    const cuts = [...new Set(parts.cuts)].filter((at) => at > 0 && at < bytes.length)
    return { method, bytes, cuts: cuts.toSorted((a, b) => a - b), plain: isPlain && changes.length === 0 }
  })
