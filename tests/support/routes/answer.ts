/** A call and its answer as the enumeration looks at them: status, code, and what must be alike for rows that are not there. */

export type Asking = {
  readonly method: string
  readonly url: string
  readonly body: object | undefined
  /** Beside those of whoever asks. */
  readonly headers?: Readonly<Record<string, string>>
}

export type Answer = {
  readonly status: number
  /** Of a problem; null: it is none. */
  readonly code: string | null
  readonly text: string
  /** Everything but what no two answers share. */
  readonly alike: string
}

/** Differ from answer to answer, whatever was asked. */
const ownHeaders = new Set(['request-id', 'traceparent', 'date'])

export function answerOf(status: number, headers: Readonly<Record<string, unknown>>, text: string): Answer {
  const isProblem = String(headers['content-type']).startsWith('application/problem+json')
  const body = isProblem && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : null
  const { requestId: _, instance: __, ...rest } = body ?? {}
  const shared = Object.entries(headers)
    .filter(([name]) => !ownHeaders.has(name) && !(body && name === 'content-length'))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  return {
    status,
    code: typeof body?.code === 'string' ? body.code : null,
    text,
    alike: JSON.stringify([status, shared, body ? rest : text]),
  }
}

/** `404 keys.not_found` */
export function shown({ status, code }: Pick<Answer, 'status' | 'code'>): string {
  return code === null ? String(status) : `${status} ${code}`
}
