/** A helper process that lives as long as this one: started, restarted when it dies, found again after a crash. */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { processMark } from '#/kernel/process/lock.ts'

export type ChildOptions = {
  readonly script: string
  readonly pidFile: string
  /** Environment of the next start, given what the running one said when it first came up. */
  environment(first: unknown): Readonly<Record<string, string>>
  onExit(code: number | null): void
}

export type Child = {
  /** The first line of JSON it printed. */
  readonly greeting: unknown
  stop(): Promise<void>
}

type Running = ChildProcessByStdio<Writable, Readable, null>

/** Starts the script and waits (10 s at most) for its greeting; from then on it is started again whenever it dies. */
export async function startChild(options: ChildOptions): Promise<Child> {
  killOrphan(options.pidFile)
  let stopping = false
  const { child: first, greeting } = await launch(options, undefined)
  let running = first
  const watch = (child: Running): void => {
    child.once('exit', (code) => {
      if (stopping) return
      options.onExit(code)
      setTimeout(restart, 500)
    })
  }
  const restart = (): void => {
    if (stopping) return
    launch(options, greeting).then(
      (started) => {
        running = started.child
        if (stopping) running.kill('SIGTERM')
        else watch(running)
      },
      () => setTimeout(restart, 1000),
    )
  }
  watch(first)
  return {
    greeting,
    async stop() {
      stopping = true
      await end(running)
      rmSync(options.pidFile, { force: true })
    },
  }
}

async function launch(options: ChildOptions, first: unknown): Promise<{ child: Running; greeting: unknown }> {
  const child = spawn(process.execPath, [options.script], {
    // A session of its own, so that Ctrl-C does not stop it under a draining gateway.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...options.environment(first) },
  })
  child.stdin.on('error', () => {})
  if (child.pid) writeFileSync(options.pidFile, processMark(child.pid) ?? '', { mode: 0o644 })
  const lines = createInterface({ input: child.stdout })
  const greeting = await new Promise<unknown>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${options.script} said nothing for 10 s`)), 10_000)
    lines.once('line', (line) => {
      clearTimeout(late)
      try {
        resolve(JSON.parse(line))
      } catch (cause) {
        reject(new Error(`${options.script} greeted with something other than JSON`, { cause }))
      }
    })
    child.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`${options.script} ended at its start (exit code ${String(code)})`))
    })
    child.once('error', reject)
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return { child, greeting }
}

/** Ends what a killed predecessor left behind; the start time in the file keeps us from hitting a stranger. */
function killOrphan(pidFile: string): void {
  let mark: string
  try {
    mark = readFileSync(pidFile, 'utf8').trim()
  } catch {
    return
  }
  const pid = Number(mark.split(' ')[0])
  if (pid > 0 && processMark(pid) === mark) process.kill(pid, 'SIGKILL')
  rmSync(pidFile, { force: true })
}

function end(child: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const hard = setTimeout(() => child.kill('SIGKILL'), 3000)
    child.once('exit', () => {
      clearTimeout(hard)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
