/** A file without a mistake, to put one in and see what is told. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { ConfigError } from '#/kernel/config/config.ts'
import { readDeclaration } from '#/publish/declaration/declaration.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-declaration-'))
after(() => rmSync(folder, { recursive: true }))

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1.0.0' },
  paths: {
    '/orders/{id}': {
      get: {
        operationId: 'getOrder',
        'x-portico-capability': 'orders',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: { description: 'The order' } },
      },
    },
  },
}
writeFileSync(join(folder, 'orders.json'), JSON.stringify(document))
const reserved = { ...document, paths: { '/portal/x': { get: document.paths['/orders/{id}'].get } } }
writeFileSync(join(folder, 'reserved.json'), JSON.stringify(reserved))

export const good = `provider: { name: Northlight }
contracts:
  orders: { file: orders.json, upstream: orders }
upstreams:
  orders:
    live: \${LIVE_URL}
    sandbox: \${SANDBOX_URL:-http://sandbox.invalid}
    timeouts: { headers: 5s }
capabilities:
  orders: { title: Orders, exposure: general }
packages:
  starter: { title: Starter, capabilities: [orders] }
partners:
  acme:
    name: Acme
    package: starter
    applications: [{ name: Shop, environments: [live, sandbox] }]
`

const environment = { LIVE_URL: 'http://live.invalid/' }

export function read(text: string, variables: Record<string, string> = environment) {
  const file = join(folder, 'portico.yaml')
  writeFileSync(file, text)
  return readDeclaration(file, variables)
}

export async function mistakesOf(text: string, variables: Record<string, string> = environment) {
  try {
    await read(text, variables)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.mistakes
  }
  return []
}

/** The good file with one part replaced; the part must be in it. */
export function but(part: string, other: string): string {
  assert.ok(good.includes(part), part)
  return good.replace(part, other)
}

/** Where it is, and what is wrong, as it begins after `portico.yaml:`. */
export type Mistake = readonly [part: string, other: string, mistake: string]

export async function expectMistake([part, other, mistake]: Mistake): Promise<void> {
  const mistakes = await mistakesOf(but(part, other))
  assert.ok(
    mistakes.some((line) => line.startsWith(`portico.yaml:${mistake}`)),
    `expected portico.yaml:${mistake}\nbut got\n${mistakes.join('\n')}`,
  )
}
