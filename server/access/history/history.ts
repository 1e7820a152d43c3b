/**
 * Facts of access are words that are only added: each says what is true over a period, and carries when it was
 * said. Of the words that cover a moment the one said last counts, so a change made now also takes back what was
 * planned for later, and a correction of the past leaves standing what was known then.
 */
import { inMilliseconds, lines, parseLines } from '#/kernel/lines/lines.ts'

/** Times in milliseconds since 1970. `from` and `until` are business time, half-open; `saidAt` is the database's clock. */
export type Word<T> = {
  readonly value: T
  readonly from: number
  /** Null: for good. */
  readonly until: number | null
  readonly saidAt: number
}

/** What is true from `from` until the next span begins; null: nothing was said. Ascending, neighbours differ. */
export type Span<T> = { readonly from: number; readonly value: T | null }

export type Timeline<T> = readonly Span<T>[]

/** What is true at a moment, and the moment from which something else is; `until` null: nothing else is known. */
export type Moment<T> = { readonly value: T | null; readonly until: number | null }

/** Of words about one thing, in any order. Of two said at once the one that begins later counts. */
export function timelineOf<T>(words: readonly Word<T>[]): Timeline<T> {
  const only = words.length === 1 ? words[0]! : null
  if (only !== null && only.until === null) return [{ from: only.from, value: only.value }]
  const loudest = words.toSorted((a, b) => b.saidAt - a.saidAt || b.from - a.from)
  const edges = [...new Set(words.flatMap(({ from, until }) => (until === null ? [from] : [from, until])))]
  const spans: Span<T>[] = []
  for (const from of edges.toSorted((a, b) => a - b)) {
    const word = loudest.find((each) => each.from <= from && (each.until === null || from < each.until))
    const value = word?.value ?? null
    if (spans.length === 0 ? value !== null : spans.at(-1)!.value !== value) spans.push({ from, value })
  }
  return spans
}

export function at<T>(timeline: Timeline<T>, moment: number): Moment<T> {
  let value: T | null = null
  for (const span of timeline) {
    if (span.from > moment) return { value, until: span.from }
    value = span.value
  }
  return { value, until: null }
}

/** The same, with since when it is so; null: it never was otherwise, or nothing was said. */
export function spanAt<T>(
  timeline: Timeline<T>,
  moment: number,
): Moment<T> & { readonly since: number | null } {
  let value: T | null = null
  let since: number | null = null
  for (const span of timeline) {
    if (span.from > moment) return { value, since, until: span.from }
    value = span.value
    since = span.from
  }
  return { value, since, until: null }
}

/** SQL: a line of each word about a partner. `fields`: what it is about, if that is not the partner, and the value. */
export function wordLines(fields: string, until = inMilliseconds('valid_until')): string {
  const times = [inMilliseconds('valid_from'), until, inMilliseconds('recorded_at')]
  return lines('partner_id', fields, ...times)
}

/** For words that have no end. */
export const forGood = 'null::float8'

type Times = readonly [from: number, until: number | null, saidAt: number]

/** Of lines with a value. */
export function timelineIn<T>(text: string): Timeline<T> {
  if (text === '') return []
  const words = parseLines(text) as readonly (readonly [T, ...Times])[]
  return timelineOf(words.map(([value, from, until, saidAt]) => ({ value, from, until, saidAt })))
}

const noTimelines: ReadonlyMap<string, Timeline<never>> = new Map()

/** Of lines with what they are about and a value. */
export function timelinesIn<T>(text: string): ReadonlyMap<string, Timeline<T>> {
  if (text === '') return noTimelines
  const words = parseLines(text) as readonly (readonly [string, T, ...Times])[]
  const about = Map.groupBy(words, ([name]) => name)
  return new Map(
    [...about].map(([name, own]) => [
      name,
      timelineOf(own.map(([, value, from, until, saidAt]) => ({ value, from, until, saidAt }))),
    ]),
  )
}

/** The earlier of two ends; null is never. */
export function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
