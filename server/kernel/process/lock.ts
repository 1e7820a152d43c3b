/** One process per data folder: a lock file that a dead owner does not hold, whatever killed it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** Takes the lock, or throws an error that names the process holding it. */
export function takeLock(file: string, what: string): Lock {
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 })
  const mine = processMark(process.pid) ?? String(process.pid)
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o644 })
      return { release: () => rmSync(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error
    }
    const holder = readFileSync(file, 'utf8').trim()
    const pid = Number(holder.split(' ')[0])
    if (holder !== '' && processMark(pid) === holder) {
      throw new Error(
        `${what} is in use by another Portico (process ${pid}); stop that one, or set PORTICO_DATA`,
      )
    }
    rmSync(file, { force: true })
  }
}
