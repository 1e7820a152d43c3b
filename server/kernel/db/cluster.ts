/** Makes the files of the embedded database: whole or not at all, whatever kills this process meanwhile. */
import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Installation } from '#/kernel/db/binaries.ts'

/** Does nothing where the files are there. `password`: of the owner, `postgres`. */
export async function ensureCluster(place: Installation, password: string): Promise<void> {
  if (existsSync(join(place.dataDirectory, 'PG_VERSION'))) return
  // initdb writes PG_VERSION long before it is done, so it works beside the place and the result is renamed.
  const draft = `${place.dataDirectory}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  // A file rather than a pipe: the other user may not open a pipe of root's by its name.
  const passwordFolder = mkdtempSync(join(tmpdir(), 'portico-'))
  const passwordFile = join(passwordFolder, 'password')
  try {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
    for (const path of [draft, passwordFolder, passwordFile]) {
      if (place.user) chownSync(path, place.user.uid, place.user.gid)
    }
    await runInitdb(place, draft, passwordFile)
    renameSync(draft, place.dataDirectory)
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true })
    const reason = (cause as Error).message
    throw new Error(`The embedded PostgreSQL could not be set up in ${place.dataDirectory}: ${reason}`, {
      cause,
    })
  } finally {
    rmSync(passwordFolder, { recursive: true, force: true })
  }
}

function runInitdb(place: Installation, folder: string, passwordFile: string): Promise<void> {
  const options = [
    `--pgdata=${folder}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--no-instructions',
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(place.initdb, options, {
      ...place.user,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      cwd: '/',
    })
    let words = ''
    child.stderr.on('data', (bytes: Buffer) => (words += bytes.toString()))
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(reasonIn(words, code)))))
  })
}

/** The line that says why, of the several that say that. */
function reasonIn(words: string, code: number | null): string {
  const lines = words.trim().split('\n')
  const telling = lines.findLast((line) => /No space|FATAL|PANIC|ERROR|error:|could not/i.test(line))
  return (
    telling?.replace(/^.*?(?=FATAL|PANIC|ERROR)/, '') ?? (words.trim() || `initdb ended with ${String(code)}`)
  )
}
