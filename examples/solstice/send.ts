/** Writes an answer, no faster than the reader takes it. */
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Answer, Headers } from './operations/answer.ts'

/** On every answer, as real systems have them; no contract releases them. */
const leakyHeaders: Headers = {
  'x-solstice-cost-center': '4711',
  'x-solstice-margin': '0.29',
  'x-served-by': 'muc-2.internal',
}

/** So many characters of lines are written at once; single lines would cost a system call each. */
const chunkLength = 16_384

export function writeHead(response: ServerResponse, status: number, headers: Headers): void {
  response.writeHead(status, { ...leakyHeaders, ...headers })
}

export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  if (answer.kind === 'lines') {
    writeHead(response, answer.status, answer.headers)
    // `pipeline` waits for the socket to drain and ends the generator when the reader goes away.
    await pipeline(Readable.from(chunks(answer.lines), { highWaterMark: 1 }), response)
    return
  }
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body)
  const length = answer.status === 304 ? {} : { 'content-length': String(Buffer.byteLength(text)) }
  writeHead(response, answer.status, { ...answer.headers, ...length })
  response.end(text)
}

function* chunks(lines: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
