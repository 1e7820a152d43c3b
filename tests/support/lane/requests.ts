/** Byte streams that begin like requests: good ones, odd ones and evil ones, alone and behind each other. */
import fc from 'fast-check'

/** Mostly the first; the rest is what a parser may trip over. */
function mostly<T>(usual: readonly T[], odd: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  )
}

const methods = mostly(
  ['GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH'],
  ['OPTIONS', 'get', 'FOO', 'TRACE', 'CONNECT', 'PRI', 'G\0T', '', 'GET GET', '\r\nGET', '\nGET', ' GET'],
)
const targets = mostly(
  ['/a', '/a/b?c=d', '/', '/a%20b', '/stream', '/late', '/empty', '/x;y=1'],
  ['http://h/a', '*', 'a', '/a b', '/a#b', '/\u00e9', '/a\0', '/a\t', '//', '', '/a\x7f', '/"<>{}|', 'h:443'],
)
const versions = mostly(
  ['HTTP/1.1'],
  [
    'HTTP/1.0',
    'HTTP/1.2',
    'HTTP/2.0',
    'http/1.1',
    'HTTP/1.1 ',
    'HTTP/1.',
    'HTTP/11',
    '',
    'HTTP/1.1\0',
    'ICE/1.1',
  ],
)
const blanks = mostly([' '], ['  ', '\t', '', '\u00a0', '\r'])
const lineEnds = mostly(['\r\n'], ['\n', '\r', '\r\r\n', '\n\r', '\r\n ', ' \r\n', '\0\r\n', '\r\n\t'])

/** Bytes as they may stand in a value, and those that may not. */
const anyText = fc
  .array(
    fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 32, max: 126 }) }, fc.integer({ min: 0, max: 255 })),
    {
      maxLength: 12,
    },
  )
  .map((codes) => String.fromCharCode(...codes))

const plainFields = fc.constantFrom(
  'Accept: */*',
  'X-A:b',
  'X-A:',
  'X-B:  two words\t',
  'X-C: "quoted, list"',
  "x!#$%&'*+.^_`|~9: token",
  'Cookie: a=b',
  'Cookie: c=d',
  'Authorization: Bearer x',
)
const oddFields = fc.oneof(
  fc.constantFrom(
    'Host: other',
    'Host:',
    'host : h',
    'X-A : b',
    ' X-A: b',
    'X-A',
    ': b',
    'X A: b',
    'X-A: b\rX-B: c',
    'X-A: b\nX-B: c',
    'X-A: b\0',
    'X-\u00e4: b',
    'X-A: \u00e4',
    'X-A: b\x0bc',
    'X-A: \x7f',
    '(X): b',
    'X-A:\r\n folded',
    'Connection: close',
    'Connection: keep-alive',
    'Connection: Keep-Alive',
    'Connection: CLOSE',
    'Connection: close, X-A',
    'Connection: upgrade',
    'Connection:',
    'Proxy-Connection: close',
    'Proxy-Connection: keep-alive',
    'Keep-Alive: timeout=1',
    'Upgrade: websocket',
    'Expect: 100-continue',
    'Expect: other',
    'TE: trailers',
    'Trailer: X',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding:\u000bchunked',
    'Content-Length: 0',
    'Content-Length: 5',
    'Content-Length: 05',
    'Content-Length: +5',
    'Content-Length: 5, 5',
    'Content-Length: 5 ',
    'Content-Length:\t5',
    'Content-Length: 0x5',
    'Content-Length: 99999999999999999999',
    'Content-Length: -1',
    'Content-Length:',
    'Content_Length: 5',
  ),
  anyText.map((text) => `X-R: ${text}`),
  anyText,
)
const fields = fc.array(
  fc.oneof({ weight: 6, arbitrary: plainFields }, { weight: 1, arbitrary: oddFields }),
  { maxLength: 5 },
)

/** Content and the field that frames it, rightly or not. */
const contents = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ framing: '', content: '' }) },
  {
    weight: 5,
    arbitrary: fc
      .oneof(
        fc.constant('12345'),
        fc.string({ maxLength: 40 }),
        fc.constant('GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'),
      )
      .map((content) => ({ framing: `Content-Length: ${Buffer.byteLength(content)}`, content })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { framing: 'Content-Length: 3', content: '12345' },
      { framing: 'Content-Length: 9', content: '12345' },
      { framing: '', content: '12345' },
      { framing: 'Transfer-Encoding: chunked', content: '5\r\n12345\r\n0\r\n\r\n' },
      { framing: 'Transfer-Encoding: chunked', content: '5\n12345\n0\n\n' },
      { framing: 'Transfer-Encoding: chunked', content: '6\r\n12345\r\n0\r\n\r\n' },
      { framing: 'Transfer-Encoding: chunked\r\nContent-Length: 5', content: '0\r\n\r\n' },
      { framing: 'Content-Length: 70000', content: 'x'.repeat(70_000) },
    ),
  },
)

const requests = fc
  .record({
    method: methods,
    target: targets,
    version: versions,
    blank: blanks,
    host: mostly(['Host: h'], ['', 'Host: h\r\nHost: h', 'HOST: h:80', 'Host:h']),
    fields,
    content: contents,
    end: lineEnds,
    last: mostly(['\r\n'], ['\n', '\r', '']),
  })
  .map(({ method, target, version, blank, host, fields: some, content, end, last }) => {
    const lines = [`${method}${blank}${target} ${version}`, host, ...some, content.framing].filter(
      (line) => line !== '',
    )
    // An odd line end only once, or nearly nothing would be left of the request.
    return `${lines.slice(0, -1).join('\r\n')}${end}${lines.at(-1)}\r\n${last}${content.content}`
  })

export type Stream = { readonly bytes: Buffer; readonly cuts: readonly number[] }

/** One to four requests on one connection, here and there with bytes changed, and where the stream is cut. */
export const streams: fc.Arbitrary<Stream> = fc
  .record({
    texts: fc.array(requests, { minLength: 1, maxLength: 4 }),
    changes: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc.array(
          fc.record({ at: fc.nat(400), remove: fc.nat(2), insert: fc.uint8Array({ maxLength: 3 }) }),
          { minLength: 1, maxLength: 2 },
        ),
      },
    ),
    /** Where each request begins is a cut of its own, as a client that waits for its answers makes it. */
    waits: fc.boolean(),
    cuts: fc.oneof(
      { weight: 3, arbitrary: fc.constant([] as number[]) },
      { weight: 2, arbitrary: fc.array(fc.nat(500), { maxLength: 4 }) },
    ),
  })
  .map(({ texts, changes, waits, cuts }) => {
    const all = texts.map((text) => Buffer.from(text, 'latin1'))
    let bytes = Buffer.concat(all)
    for (const { at, remove, insert } of changes) {
      bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)])
    }
    let begin = 0
    const begins = waits ? all.map((text) => (begin += text.length)) : []
    const sorted = [...new Set([...cuts, ...begins])].filter((at) => at > 0 && at < bytes.length)
    return { bytes, cuts: sorted.toSorted((a, b) => a - b) }
  })
