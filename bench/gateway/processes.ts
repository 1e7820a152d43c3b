/** Starts the processes of the gateway benchmark, each on the core it is given, and ends them. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Side = {
  readonly name: string
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

/** `flags` go to Node. */
export async function startSide(
  name: string,
  args: readonly string[],
  core: number,
  flags: readonly string[] = [],
): Promise<Side> {
  const script = join(import.meta.dirname, 'side.ts')
  const child = pinned(core, [process.execPath, ...flags, script, name, ...args])
  const lines = createInterface({ input: child.stdout! })
  const [port] = (await Promise.race([once(lines, 'line'), failed(child, name)])) as [string]
  return { name, pid: child.pid!, port: Number(port), stop: () => stop(child) }
}

/** nginx with one worker and no log; `location` is what stands in its only location. */
export async function startNginx(name: string, core: number, location: string, more = ''): Promise<Side> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-nginx-'))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit;
    events { worker_connections 4096; }
    http {
      access_log off; keepalive_requests 100000000; default_type application/json;
      client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
      uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
      ${more}
      server { listen 127.0.0.1:${port} backlog=1024; location / { ${location} } }
    }`,
  )
  const child = pinned(core, ['nginx', '-p', folder, '-c', file])
  await Promise.race([accepts(port), failed(child, name)])
  const end = async (): Promise<void> => {
    await stop(child)
    rmSync(folder, { recursive: true, force: true })
  }
  return { name, pid: child.pid!, port, stop: end }
}

function pinned(core: number, command: readonly string[]): ChildProcess {
  // taskset replaces itself by the program, so the pid is the program's.
  const child = spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

async function failed(child: ChildProcess, name: string): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number]
  throw new Error(`${name} ended with ${code} before it listened`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function accepts(port: number): Promise<void> {
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.arrayBuffer(),
      () => null,
    )
    if (answered !== null) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
