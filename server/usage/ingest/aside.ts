/** Keeps what could not be counted, so that nobody has to guess: one file a journal, one line of JSON a piece. */
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '#/kernel/log/log.ts'

export type SetAside = {
  readonly journal: string
  readonly segment: number
  readonly reason: 'torn' | 'damaged' | 'unknown' | 'refused'
  readonly detail: string
  readonly bytes: Buffer
}

/** Of a damaged piece; a zeroed tail may be megabytes. */
const bytesMost = 64 * 1024

/** It is on disk when this returns; the journal's position moves past the piece only then. */
export function setAside(folder: string, piece: SetAside, log: Log): void {
  const place = join(folder, 'set-aside')
  mkdirSync(place, { recursive: true, mode: 0o700 })
  const { journal, segment, reason, detail, bytes } = piece
  const text = bytes.subarray(0, bytesMost).toString('latin1')
  const fd = openSync(join(place, `${journal}.jsonl`), 'a', 0o600)
  try {
    writeSync(fd, `${JSON.stringify({ reason, detail, segment, length: bytes.length, bytes: text })}\n`)
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
  const told = { event: 'usage.set_aside', journal, segment, reason, detail, length: bytes.length }
  // A write that broke off is what a killed process leaves; everything else should never be.
  if (reason === 'torn') log.warn(told)
  else log.error(told)
}
