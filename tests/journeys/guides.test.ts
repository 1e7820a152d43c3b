/** Guides are executed: their files are written, their commands run in order, in a checkout of their own. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

const root = join(import.meta.dirname, '..', '..')

type Block = { readonly info: string; readonly text: string }

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\S+[^\n]*)\n(.*?)^```$/gms)].map((found) => ({
    info: found[1] ?? '',
    text: found[2] ?? '',
  }))
}

/** The ports that guides name are other people's here: each gets a free one, everywhere in the text. */
async function withFreePorts(markdown: string): Promise<{ text: string; ports: Map<string, number> }> {
  const ports = new Map<string, number>()
  for (const named of ['8080', '8081', '9090', '9091']) ports.set(named, await freePort())
  return { text: markdown.replaceAll(/\b(8080|8081|9090|9091)\b/g, (port) => String(ports.get(port))), ports }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

/** A folder that looks like the checkout. */
function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-guide-'))
  // Walkable, so that the database of a start by root stands in it and goes with it.
  chmodSync(folder, 0o711)
  for (const name of [
    'server',
    'scripts',
    'examples',
    'docs',
    'contracts',
    'node_modules',
    'package.json',
    'package-lock.json',
  ]) {
    symlinkSync(join(root, name), join(folder, name))
  }
  return folder
}

function end(child: ChildProcess): void {
  if (!child.pid || child.exitCode !== null || child.signalCode !== null) return
  process.kill(-child.pid, 'SIGTERM')
}

async function listening(port: number): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    await delay(50)
  }
  throw new Error(`nothing listens on ${port}`)
}

async function ready(port: number): Promise<void> {
  await listening(port)
  for (let waited = 0; waited < 60_000; waited += 100) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    if (answer?.status === 200) return
    await delay(100)
  }
  throw new Error('not ready')
}

for (const guide of globSync('docs/guides/*.md', { cwd: root })) {
  test(`${basename(guide)} can be followed`, async (t) => {
    const { text, ports } = await withFreePorts(readFileSync(join(root, guide), 'utf8'))
    const folder = checkout()
    const environment = {
      ...process.env,
      PORT: String(ports.get('8080')),
      ADMIN_PORT: String(ports.get('8081')),
    }
    const running: ChildProcess[] = []
    t.after(async () => {
      for (const child of running.toReversed()) {
        const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null
        end(child)
        await gone
      }
      rmSync(folder, { recursive: true })
    })
    let shown = ''
    for (const { info, text: code } of blocksOf(text)) {
      const file = /file=(\S+)/.exec(info)?.[1]
      if (file) {
        mkdirSync(join(folder, dirname(file)), { recursive: true })
        writeFileSync(join(folder, file), code)
      } else if (info === 'sh background') {
        const child = spawn('sh', ['-c', `exec ${code.replace(/^((?:\w+=\S+ )*)/, 'env $1')}`], {
          cwd: folder,
          detached: true,
          stdio: 'ignore',
          env: environment,
        })
        running.push(child)
        const up = code.includes('npm start')
          ? ready(ports.get('8080') ?? 0)
          : listening(ports.get('9091') ?? 0)
        const gone = once(child, 'exit').then(() => assert.fail(`${code} ended`))
        await Promise.race([up, gone])
      } else if (info.startsWith('sh')) {
        const done = spawnSync('sh', ['-c', code], { cwd: folder, encoding: 'utf8', env: environment })
        assert.equal(done.status, 0, `${code}\n${done.stdout}${done.stderr}`)
        const expected = /expect=(.+)$/.exec(info)?.[1] ?? ''
        assert.ok(done.stdout.includes(expected), `${code}\n${done.stdout}`)
        shown = done.stdout
        assert.ok(!/margin|Ropeworks/.test(done.stdout.includes('withheld') ? '' : done.stdout), done.stdout)
      } else if (info === 'text') {
        // What the command before it is said to print.
        assert.equal(shown, code)
      }
    }
  })
}
