/** Starts Solstice as a process of its own, for tests. It ends with the process that started it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export type Solstice = {
  /** Addresses, without a slash at the end. */
  readonly live: string
  readonly sandbox: string
  readonly process: ChildProcess
  /** Ends it at once and waits until it is gone. */
  kill(): Promise<void>
}

const program = join(import.meta.dirname, '../server.ts')

/** `env` is added to the environment; with `SOLSTICE_FAULTS: '1'` it can be broken on purpose. */
export async function startSolstice(env: Readonly<Record<string, string>> = {}): Promise<Solstice> {
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '0', SANDBOX_PORT: '0', SOLSTICE_EXIT_WITH_PARENT: '1', ...env },
  })
  const exited = once(child, 'exit')
  const complaint = text(child.stderr)
  const line = await firstLine(child)
  if (line === null) throw new Error((await complaint).trim())
  const { listening } = JSON.parse(line) as { listening: { live: string; sandbox: string } }
  return {
    ...listening,
    process: child,
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string | null> {
  let output = ''
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk)
    if (output.includes('\n')) return output
  }
  return null
}
