/** One process per data folder: a lock file that a dead owner does not hold, whatever killed it. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Names a process beyond its number, which the system gives away again: number and start time since boot
 * (proc_pid_stat(5), field 22). Where there is no /proc the number has to do.
 */
export function processMark(pid: number): string | null {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command may hold spaces and parentheses; the fields are counted behind the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : `${pid} ${fields[19]}`
  } catch {
    return `${pid} ?`
  }
}

export type Lock = { release(): void }

/** Takes the lock, or throws an error that says why not, and names the process holding it. */
export function takeLock(file: string, what: string): Lock {
  const mine = processMark(process.pid) ?? String(process.pid)
  // Written beside its place and linked into it, so that a lock is never there without its owner's name.
  const draft = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o711 })
    try {
      writeFileSync(draft, mine, { mode: 0o644 })
      while (!link(draft, file)) clear(file, mine, what)
    } finally {
      rmSync(draft, { force: true })
    }
    return { release: () => release(file, mine) }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause
    throw new Error(`${what} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

/** False: somebody was first. */
function link(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Takes away the lock of a dead process; one of a living process throws. */
function clear(file: string, mine: string, what: string): void {
  const holder = read(file)
  const pid = Number(holder.split(' ')[0])
  if (holder !== '' && holder !== mine && processMark(pid) === holder) {
    throw new Error(
      `${what} is in use by another Portico (process ${pid}); stop that one, or set PORTICO_DATA`,
    )
  }
  const aside = `${file}.${process.pid}.dead`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  // Between the look and the move another one may have cleared it and taken it: that one gets it back.
  if (read(aside) !== holder) link(aside, file)
  rmSync(aside, { force: true })
}

function release(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
