/**
 * Says whose a journal folder is, and whether that process still lives. Whoever takes over a folder of a
 * living process would delete lines under its feet; whoever leaves one of a dead process loses its calls.
 */
import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '#/kernel/clock/clock.ts'
import { processMark } from '#/kernel/process/process.ts'

type Owner = {
  readonly format: 1
  /** Number and start time, so that a number given away again does not pass for the owner. */
  readonly process: string | null
  readonly boot: string | null
  /** Of process numbers; a container has its own. */
  readonly namespace: string | null
}

const ownerFile = 'owner.json'

/** An owner of another boot or container cannot be looked up; it counts as dead after this silence. */
export const silentMilliseconds = 10_000

/** Makes the folder of a new journal; it appears with its owner in it or not at all. */
export function makeOwnedFolder(parent: string, id: string): string {
  const folder = join(parent, id)
  const making = join(parent, `.making-${id}`)
  mkdirSync(making, { recursive: true, mode: 0o700 })
  const owner: Owner = { format: 1, process: processMark(process.pid), ...here() }
  writeFileSync(join(making, ownerFile), JSON.stringify(owner), { mode: 0o600 })
  renameSync(making, folder)
  return folder
}

function here(): Pick<Owner, 'boot' | 'namespace'> {
  return {
    boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
  }
}

function attempt(read: () => string): string | null {
  try {
    return read()
  } catch {
    return null
  }
}

/** The owner's sign of life, for those who cannot look it up. */
export function beat(folder: string, clock: Clock): void {
  const now = clock.wall() / 1000
  utimesSync(join(folder, ownerFile), now, now)
}

export function ownerLives(folder: string, clock: Clock): boolean {
  const path = join(folder, ownerFile)
  const seen = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  const owner = attempt(() => readFileSync(path, 'utf8'))
  if (seen === undefined || owner === null) return false
  const quiet = clock.wall() - seen > silentMilliseconds
  let said: Owner
  try {
    said = JSON.parse(owner) as Owner
  } catch {
    return !quiet
  }
  const { boot, namespace } = here()
  if (said.process === null || said.boot !== boot || said.namespace !== namespace) return !quiet
  return processMark(Number.parseInt(said.process, 10)) === said.process
}
