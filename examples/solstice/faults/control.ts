/** What only tests and demonstrations use: setting faults and looking at the requests that arrived. Not in the contract. */
import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, ok, problem } from '../operations/answer.ts'
import { createFaults, type Fault, readFault } from './faults.ts'

/** A request as it arrived, for tests that check what the gateway passed on. */
export type Received = {
  readonly at: string
  readonly operation: string | null
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[]
  readonly body: string
  /** Lines of the answer that were made so far, where it is a stream. */
  lines: number
}

export type Control = {
  take(operation: string): Fault | undefined
  /** Gives back what counts the lines of the answer. */
  note(received: Received): (answer: Answer) => Answer
  /** Answers `/_faults` and `/_received`; undefined for any other path. */
  answer(method: string, path: string, body: string): Answer | undefined
}

const kept = 200

export function createControl(operations: readonly string[]): Control {
  const faults = createFaults()
  let received: Received[] = []

  function setFault(body: string): Answer {
    const read = readFault(parse(body), operations)
    if (typeof read === 'string') return problem(422, 'unknown_fault', 'Unknown fault', read)
    faults.add(read.fault, read.times)
    return ok({ ...read.fault, times: read.times })
  }

  return {
    take: (operation) => faults.take(operation),
    note: (request) => {
      received.push(request)
      if (received.length > kept) received.shift()
      return (answer) =>
        answer.kind === 'lines' ? { ...answer, lines: counted(answer.lines, request) } : answer
    },
    answer: (method, path, body) => {
      switch (`${method} ${path}`) {
        case 'POST /_faults':
          return setFault(body)
        case 'DELETE /_faults':
          faults.clear()
          return ok({})
        case 'GET /_received':
          return ok({ data: received })
        case 'DELETE /_received':
          received = []
          return ok({})
        default:
          return undefined
      }
    },
  }
}

function* counted(lines: Iterable<string>, request: Received): Generator<string> {
  for (const line of lines) {
    request.lines += 1
    yield line
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
