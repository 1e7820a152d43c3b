/** What a handler gives back: a value with a status, or lines that are written as fast as the reader takes them. */
import { createHash } from 'node:crypto'
import type { Data } from '../data/data.ts'

/** One call of a partner, as a handler sees it. */
export type Call = {
  readonly data: Data
  readonly partner: string
  /** The `{id}` of the path; empty where there is none. */
  readonly id: string
  readonly query: URLSearchParams
  header(name: string): string | undefined
  /** The parsed JSON of a request that has a body. */
  readonly body: unknown
  readonly now: string
}

export type Headers = Readonly<Record<string, string>>

export type Answer =
  | { readonly kind: 'value'; readonly status: number; readonly headers: Headers; readonly body: unknown }
  | {
      readonly kind: 'lines'
      readonly status: number
      readonly headers: Headers
      readonly lines: Iterable<string>
    }

export type BodyError = { readonly pointer: string; readonly detail: string }

export function ok(body: unknown, headers: Headers = {}): Answer {
  return { kind: 'value', status: 200, headers: { 'content-type': 'application/json', ...headers }, body }
}

export function created(path: string, body: unknown, headers: Headers = {}): Answer {
  const all = { 'content-type': 'application/json', location: path, ...headers }
  return { kind: 'value', status: 201, headers: all, body }
}

/** A problem as RFC 9457 describes it, with the trail that a careless system leaves in it. */
export function problem(
  status: number,
  code: string,
  title: string,
  detail: string,
  errors?: readonly BodyError[],
): Answer {
  return {
    kind: 'value',
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: {
      type: `https://solstice.example/problems/${code.replaceAll('_', '-')}`,
      title,
      status,
      detail,
      code,
      ...(errors && { errors }),
      _debug: { at: 'solstice/api/answer.ts', host: 'muc-2.internal' },
    },
  }
}

export function notFound(what: string, id: string): Answer {
  return problem(404, 'not_found', 'Not found', `There is no ${what} ${id}.`)
}

export function unprocessable(errors: readonly BodyError[]): Answer {
  const detail = errors.map((error) => error.detail).join(' ')
  return problem(422, 'unprocessable', 'Unprocessable', detail, errors)
}

export function etag(row: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(row)).digest('hex').slice(0, 16)}"`
}

/** The row with its tag, or 304 for a reader that has it already (RFC 9110, section 13.1.2). */
export function tagged(call: Call, row: unknown): Answer {
  const tag = etag(row)
  const known = (call.header('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
  if (known.includes(tag) || known.includes('*')) {
    return { kind: 'value', status: 304, headers: { etag: tag }, body: undefined }
  }
  return ok(row, { etag: tag })
}
