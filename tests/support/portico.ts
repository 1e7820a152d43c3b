/** Starts the product as its users do, as a process of its own with a data folder of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Credentials } from './identity/browser.ts'

const root = join(import.meta.dirname, '..', '..')

/** What stands in `.portico/demo.json`. */
export type DemoFacts = {
  readonly publicUrl: string
  readonly adminUrl: string
  readonly operator: Credentials
  /** Where the demo provider listens: for faults on purpose, and for what reached it. */
  readonly provider: { readonly live: string; readonly sandbox: string }
  readonly partners: Readonly<
    Record<
      'starter' | 'pro' | 'enterprise',
      {
        readonly id: string
        readonly name: string
        /** Its owner, to sign in with. */
        readonly member: Credentials
        readonly live: { readonly apiKey: string }
        readonly sandbox: { readonly apiKey: string }
      }
    >
  >
}

export type Running = {
  readonly process: ChildProcess
  readonly data: string
  readonly facts: DemoFacts
  readonly output: () => string
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL to the process alone, or to everything it started as well; resolves when it is gone. */
  kill(whole?: boolean): Promise<void>
}

/** A data folder of its own, which goes when this process ends well. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-journey-'))
  // Walkable, so that a database that root starts stands in it and goes with it.
  chmodSync(folder, 0o711)
  process.once('exit', (code) => {
    if (code === 0) rmSync(folder, { recursive: true, force: true })
  })
  return join(folder, 'data')
}

/** Starts the program and waits until it says where it is; throws with its output when it ends first. */
export async function startPortico(
  environment: Readonly<Record<string, string>> = {},
  data = dataFolder(),
  [program, ...args]: readonly [string, ...string[]] = [process.execPath, 'server/main.ts'],
): Promise<Running> {
  // A demo.json of an earlier start would look like an answer of this one.
  rmSync(join(data, 'demo.json'), { force: true })
  const child = spawn(program, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PORT: '0',
      ADMIN_PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      SOLSTICE_FAULTS: '1',
      PORTICO_DATA: data,
      ...environment,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const file = join(data, 'demo.json')
  for (let waited = 0; !existsSync(file); waited += 20) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`portico ended at its start:\n${output}`)
    if (waited > 60_000) throw new Error(`portico does not come up:\n${output}`)
    await delay(20)
  }
  return {
    process: child,
    data,
    facts: JSON.parse(readFileSync(file, 'utf8')) as DemoFacts,
    output: () => output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      return gone
    },
    async kill(whole = false) {
      if (child.exitCode !== null || child.signalCode !== null) return
      if (whole && child.pid) process.kill(-child.pid, 'SIGKILL')
      else child.kill('SIGKILL')
      await gone
    },
  }
}

/** Runs the program until it ends: its exit code and everything it said. */
export async function runPortico(
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = ['server/main.ts'],
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '0', ADMIN_PORT: '0', PORTICO_DATA: dataFolder(), ...environment },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

// oxlint-disable-next-line typescript/no-explicit-any -- the test that reads it asserts its shape
type Body = any

/** A JSON call with a key; the body is undefined when the answer has none. */
export async function call(
  url: string,
  options: { key?: string; method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: Headers; text: string; body: Body }> {
  const answer = await fetch(url, {
    method: options.method ?? 'GET',
    redirect: 'manual',
    headers: {
      ...(options.key && { authorization: `Bearer ${options.key}` }),
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  })
  const text = await answer.text()
  const json =
    /json/.test(answer.headers.get('content-type') ?? '') &&
    !/json-?l|ndjson/.test(answer.headers.get('content-type') ?? '')
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: json && text ? JSON.parse(text) : undefined,
  }
}
