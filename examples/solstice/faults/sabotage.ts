/** Does to an answer what a fault says. */
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, problem } from '../operations/answer.ts'
import type { Fault } from './faults.ts'
import { send, writeHead } from '../send.ts'

/** What must not be seen outside, whatever the shape it comes in. */
const internals = { cost: { amount: '1.23', currency: 'EUR' }, margin: 0.29, supplierSource: 'Rheinhandel' }

/** `make` runs the handler; a fault that answers in its place leaves it alone. */
export async function sabotage(response: ServerResponse, fault: Fault, make: () => Answer): Promise<void> {
  switch (fault.fault) {
    case 'slow':
      // Unreferenced: a slow answer does not keep a stopping process alive.
      await wait(fault.value, undefined, { ref: false })
      return send(response, make())
    case 'hang':
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'stall':
      writeHalf(response, make())
      return
    case 'cut':
      writeHalf(response, make())
      setImmediate(() => response.destroy())
      return
    case 'status':
      return send(
        response,
        problem(fault.value, 'broken', 'Broken', 'at insert into margin (muc-2.internal)'),
      )
    case 'off-contract':
      return send(response, { ...value(make()), body: { rows: [internals], ...internals } })
    case 'wrong-type':
      return send(response, wrongType(make()))
    case 'bad-json':
      return sendText(response, 'application/json', whole(make()).slice(0, -2))
    case 'html':
      return sendText(response, 'text/html', '<h1>502 Bad Gateway</h1><p>muc-2.internal:8443 margin=0.29</p>')
    case 'huge':
      return send(response, huge(make(), fault.value))
    case 'bad-line':
      return send(response, badLine(make(), fault.value))
  }
}

function value(answer: Answer): Answer & { kind: 'value' } {
  const headers = { ...answer.headers }
  return { kind: 'value', status: answer.status, headers, body: answer.kind === 'value' ? answer.body : null }
}

function whole(answer: Answer): string {
  return answer.kind === 'value' ? JSON.stringify(answer.body) : `${[...answer.lines].join('\n')}\n`
}

function sendText(response: ServerResponse, type: string, text: string): void {
  writeHead(response, 200, { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) })
  response.end(text)
}

/** Announces the whole body (a stream has no length to announce) and writes half of it. */
function writeHalf(response: ServerResponse, answer: Answer): void {
  const bytes = Buffer.from(whole(answer))
  const length = answer.kind === 'value' ? { 'content-length': String(bytes.length) } : {}
  writeHead(response, answer.status, { ...answer.headers, ...length })
  response.write(bytes.subarray(0, bytes.length >> 1))
}

/** The first declared text becomes a number: the id, or the project of a reading. */
function wrongType(answer: Answer): Answer {
  if (answer.kind === 'lines') return badLine(answer, 1)
  const body = answer.body as Readonly<Record<string, unknown>>
  if (!Array.isArray(body['data'])) return { ...answer, body: { ...body, id: 42 } }
  const [first, ...rest] = body['data'] as readonly object[]
  return { ...answer, body: { ...body, data: [{ ...first, id: 42 }, ...rest] } }
}

function badLine(answer: Answer, number: number): Answer {
  if (answer.kind === 'value') return wrongType(answer)
  return { ...answer, lines: withBadLine(answer.lines, number) }
}

function* withBadLine(lines: Iterable<string>, number: number): Generator<string> {
  let at = 0
  for (const line of lines) {
    at += 1
    yield at === number ? JSON.stringify({ ...JSON.parse(line), projectId: 17, ...internals }) : line
  }
}

/** Still according to the contract, just more than anyone asked for: an undeclared text fills it up. */
function huge(answer: Answer, megabytes: number): Answer {
  const { body, ...rest } = value(answer)
  return { ...rest, body: { ...(body as object), _padding: 'x'.repeat(megabytes * 1_048_576) } }
}
