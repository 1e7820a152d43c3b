/** Reads a segment back: whole batches only, and around whatever is damaged. */
import type { Entry } from '#/usage/journal/line.ts'
import { parseLine, readPayload } from '#/usage/journal/line.ts'

/** Bytes that are not counted, and why. */
export type Aside = {
  /** `torn`: a write that broke off, nobody was answered on it; `damaged`: once a good line; `unknown`: of a newer version. */
  readonly reason: 'torn' | 'damaged' | 'unknown'
  readonly at: number
  readonly bytes: Buffer
}

export type Found = { readonly entry: Entry; readonly line: Buffer }

export type Portion = {
  readonly found: readonly Found[]
  readonly aside: readonly Aside[]
  /** Offset behind the last byte that is dealt with. */
  readonly next: number
}

/**
 * The batches from `from` on, until about `limit` entries; `next` does not move where nothing whole is left.
 * `sealed` says that nothing will be appended, so what has no end now never had one.
 */
export function readPortion(bytes: Buffer, from: number, sealed: boolean, limit: number): Portion {
  const found: Found[] = []
  const aside: Aside[] = []
  let held: Found[] = []
  let heldAside: Aside[] = []
  let next = from
  for (let at = from; at < bytes.length && found.length < limit;) {
    const newline = bytes.indexOf(0x0a, at)
    if (newline < 0) break
    const line = bytes.subarray(at, newline + 1)
    const parsed = parseLine(line)
    const entry = parsed && readPayload(parsed.payload)
    if (entry) held.push({ entry, line })
    else heldAside.push({ reason: parsed ? 'unknown' : 'damaged', at, bytes: line })
    at = newline + 1
    if (!parsed?.last) continue
    for (const one of held) found.push(one)
    for (const piece of heldAside) aside.push(piece)
    held = []
    heldAside = []
    next = at
  }
  if (sealed && found.length < limit && next < bytes.length) {
    aside.push({ reason: 'torn', at: next, bytes: bytes.subarray(next) })
    next = bytes.length
  }
  return { found, aside, next }
}
