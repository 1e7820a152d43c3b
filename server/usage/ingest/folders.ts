/** The journals in the journal folder: whose they are, their segments, and how they end. */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Lock } from '#/kernel/process/process.ts'
import { takeLock } from '#/kernel/process/process.ts'
import { ownerLives } from '#/usage/journal/journal.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Ids of all journals, oldest first. */
export function listJournals(parent: string): string[] {
  return names(parent)
    .filter((name) => uuid.test(name))
    .toSorted()
}

/** Numbers of the segments, in order. */
export function listSegments(folder: string): number[] {
  return names(folder)
    .flatMap((name) => (/^\d{6,}\.log$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .toSorted((a, b) => a - b)
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Bytes, or 0 when it is gone. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** Takes over a journal whose process is dead; null when it lives or another process is at it. */
export function adopt(parent: string, id: string, clock: Clock): Lock | null {
  const folder = join(parent, id)
  if (ownerLives(folder, clock)) return null
  try {
    return takeLock(join(folder, 'adopted'), `The journal ${id}`)
  } catch (error) {
    // Without a code it is not the system's refusal but the lock's.
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error
    return null
  }
}

/** Deletes a segment; another process may have been faster, after the same commits. */
export function removeSegment(path: string): void {
  rmSync(path, { force: true })
}

export function removeJournal(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
