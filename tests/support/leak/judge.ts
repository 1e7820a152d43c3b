/** Says what came out of an answer that must not have: the independent opinion on everything a client receives. */
import { STATUS_CODES } from 'node:http'
import { placesOf } from '../release/oracle.ts'
import { marker } from './message.ts'
import type { Saying } from './sayings.ts'
import type { Subject } from './subjects.ts'
import { header, type Captured } from './wire.ts'

/** Ours or the connection's, on any answer. */
const ours: ReadonlySet<string> = new Set([
  'api-version',
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'request-id',
  'transfer-encoding',
])

/** Ours with this value only: an upstream might send them, too. */
const oursExactly: ReadonlyMap<string, string> = new Map([
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox"],
])

const membersOfProblem: ReadonlySet<string> = new Set(
  'type title status detail instance code requestId retryable'.split(' '),
)

export type Verdict = {
  /** What must not have come out, and where it stood. */
  readonly leaks: readonly string[]
  /** The upstream's answer was passed on, not replaced by a refusal. */
  readonly passed: boolean
  /** Places of its content that came out. */
  readonly places: number
}

/** `secrets`: text that may stand in no answer, such as the address of the upstream. */
export function judge(
  subject: Subject,
  saying: Saying,
  captured: Captured,
  secrets: readonly string[],
): Verdict {
  const isHead = subject.operation.method === 'HEAD'
  const isRefusal = isHead ? typeOf(captured) === problemType : refusalOf(captured) !== null
  const content = isRefusal
    ? { leaks: judgeRefusal(captured), places: [], markers: [] }
    : judgeContent(subject, saying, captured)
  const allowed = new Set([...content.markers, ...(isRefusal ? [] : headerMarkers(subject, saying))])
  // The id of a request is at random and may look like anything.
  const text = captured.raw.replaceAll(header(captured, 'request-id') ?? '\0', '')
  const stray = [...new Set(text.match(marker))].filter((one) => !allowed.has(one))
  const leaks = [
    ...content.leaks,
    ...judgeHead(isRefusal ? null : subject, saying, captured),
    ...stray.map((one) => `marker ${one}: ${around(text, one)}`),
    ...secrets.filter((one) => text.includes(one)).map((one) => `secret ${one}: ${around(text, one)}`),
  ]
  return { leaks, passed: !isRefusal && captured.status !== 0, places: content.places.length }
}

function around(text: string, part: string): string {
  const at = text.indexOf(part)
  return JSON.stringify(text.slice(Math.max(0, at - 60), at + part.length + 20))
}

const problemType = 'application/problem+json'
const typeOf = (captured: Captured): string | undefined => header(captured, 'content-type')

/** The problem that an answer of our own is. An upstream cannot know the id under which we answer. */
export function refusalOf(captured: Captured): Readonly<Record<string, unknown>> | null {
  if (typeOf(captured) !== problemType) return null
  try {
    const problem = JSON.parse(captured.body.toString()) as Record<string, unknown>
    return problem['requestId'] === header(captured, 'request-id') ? problem : null
  } catch {
    return null
  }
}

function judgeRefusal(captured: Captured): string[] {
  const leaks = Object.keys(refusalOf(captured) ?? {})
    .filter((name) => !membersOfProblem.has(name))
    .map((name) => `member ${name} of a problem`)
  if (![500, 502, 503, 504].includes(captured.status)) leaks.push(`status ${captured.status} of a refusal`)
  return leaks
}

/** `subject` is null for a refusal, which has no header of the upstream at all. */
function judgeHead(subject: Subject | null, saying: Saying, captured: Captured): string[] {
  const leaks = captured.informational.map((head) => `informational ${JSON.stringify(head)}`)
  if (captured.trailers !== '') leaks.push(`trailers ${JSON.stringify(captured.trailers)}`)
  if (captured.status === 0) return [...leaks, ...(captured.raw === '' ? [] : ['what is no answer'])]
  if (captured.reason !== (STATUS_CODES[captured.status] ?? 'unknown'))
    leaks.push(`reason ${captured.reason}`)
  if (subject !== null && captured.status !== saying.status) leaks.push(`status ${captured.status}`)
  for (const [name, value] of captured.headers) {
    const said = saying.headers.filter(([one]) => one.toLowerCase() === name.toLowerCase())
    const isReleased = subject?.headers.get(name.toLowerCase()) != null
    if (isReleased && said.length > 0) {
      if (value !== said.map(([, one]) => one).join(', ')) leaks.push(`header ${name} with another value`)
    } else if (!ours.has(name.toLowerCase()) && oursExactly.get(name.toLowerCase()) !== value)
      leaks.push(`header ${name}`)
  }
  return leaks
}

function headerMarkers(subject: Subject, saying: Saying): string[] {
  const released = saying.headers.filter(([name]) => subject.headers.get(name.toLowerCase()) != null)
  return released.flatMap(([, value]) => value.match(marker) ?? [])
}

type Content = { readonly leaks: string[]; readonly places: string[]; readonly markers: readonly string[] }

function judgeContent(subject: Subject, saying: Saying, { body }: Captured): Content {
  const none = { leaks: [], places: [], markers: [] }
  if (body.length === 0) return none
  if (subject.operation.method === 'HEAD' || [204, 304].includes(saying.status)) {
    return { ...none, leaks: ['content where there is none'] }
  }
  if (subject.form === 'as it is' && subject.released) {
    const isThat = saying.content.subarray(0, body.length).equals(body)
    return {
      ...none,
      leaks: isThat ? [] : ['other content'],
      markers: body.toString('latin1').match(marker) ?? [],
    }
  }
  const records = recordsOf(subject, body.toString())
  if (records === null || saying.values === null) return { ...none, leaks: ['content that nobody can read'] }
  if (records.length > saying.values.length) return { ...none, leaks: ['more records than came'] }
  const judged = records.map((record, index) => judgeRecord(subject, saying.values![index], record))
  return {
    leaks: judged.flatMap((one) => one.leaks),
    places: judged.flatMap((one) => one.places),
    markers: judged.flatMap((one) => one.markers),
  }
}

/** The values in the content of an answer; null when it is not written as its form demands. */
function recordsOf({ form }: Subject, text: string): unknown[] | null {
  try {
    if (form === 'json') return [JSON.parse(text)]
    if (form === 'json-lines')
      return text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => JSON.parse(line) as unknown)
    if (form !== 'event-stream') return null
    const lines = text.split('\n').filter((line) => line !== '' && line !== ':')
    return lines.map((line) => JSON.parse(line.replace(/^data: /, '')) as unknown)
  } catch {
    return null
  }
}

function judgeRecord({ mayLeave, schema }: Subject, sent: unknown, released: unknown): Content {
  const may = mayLeave(schema, sent)
  const places = placesOf(released)
  const leaks = places.flatMap((place) => {
    if (!may.has(place)) return [`place ${place}`]
    return isSame(leafOf(released, place), leafOf(sent, place)) ? [] : [`place ${place} with another value`]
  })
  const markers = [...may].flatMap((place) => {
    const path = JSON.parse(place) as (string | number)[]
    return `${String(path.at(-1))} ${JSON.stringify(leafOf(sent, place))}`.match(marker) ?? []
  })
  return { leaks, places, markers }
}

/** What stands at a place; of what has places of its own only its kind. */
function leafOf(value: unknown, place: string): unknown {
  const path = JSON.parse(place) as (string | number)[]
  const found = path.reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], value)
  if (typeof found !== 'object' || found === null) return found
  return Array.isArray(found) ? '[]' : '{}'
}

const isSame = (a: unknown, b: unknown): boolean => Object.is(a, b)
