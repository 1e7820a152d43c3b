/** A provider with one contract, a package and three partners, and its file, which is written and applied again and again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { loadDocument } from '#/contracts/documents/documents.ts'
import { createAuditSink } from '#/governance/audit/audit.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { applyFile, planFile } from '#/publish/declaration/declaration.ts'
import type { Takes } from '#/publish/declaration/declaration.ts'
import { testDatabase } from '../database.ts'

const orders = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1.0.0' },
  paths: {
    '/orders': {
      get: {
        operationId: 'listOrders',
        'x-portico-capability': 'orders',
        responses: { 200: { description: 'Orders' } },
      },
    },
  },
}

export const first = `provider: { name: Northlight }
contracts:
  orders: { file: orders.json, upstream: main }
upstreams:
  main: { live: 'http://live.invalid', sandbox: 'http://sandbox.invalid' }
capabilities:
  orders: { title: Orders, exposure: general }
  drafts: { title: Drafts, exposure: dark }
packages:
  pro:
    title: Pro
    capabilities: [orders]
    limits: { burst: 20, perSecond: 5 }
partners:
  acme: { name: Acme, package: pro }
  bolt: { name: Bolt, package: pro }
  cord: { name: Cord, package: pro }
`

/** Who changes things by hand. */
export const operator = { kind: 'operator', id: newId(), role: 'admin' } as const

const someTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g
export const withoutTimes = (text: string) => text.replaceAll(someTime, 'TIME')

/** One side counts wherever both could. */
export const everything = (side: 'file' | 'running'): Takes => new Map([['', side]])

export async function declarationScene() {
  const opened = await testDatabase()
  const sealer = createSealer(Buffer.alloc(32, 7))
  const database = { ...opened, control: { ...opened.control, audit: createAuditSink(sealer) } }
  const folder = mkdtempSync(join(tmpdir(), 'portico-declaration-'))
  after(() => rmSync(folder, { recursive: true }))
  const provider = join(folder, 'portico.yaml')
  writeFileSync(join(folder, 'orders.json'), JSON.stringify(orders))
  const options = { provider, environment: {}, demo: false, database, sealer }
  return {
    options,
    /** Of the document, as a plan shows it. */
    sha256: (await loadDocument(join(folder, 'orders.json'))).sha256.slice(0, 12),
    write: (text: string) => writeFileSync(provider, text),
    plan: (takes: Takes = new Map()) => planFile({ ...options, takes }),
    apply: (takes: Takes = new Map()) => applyFile({ ...options, takes }),
    byHand: <T>(work: (tx: Tx) => Promise<T>) => transact(database.control, operator, work),
    lastChange: async () =>
      Number((await opened.owner.query('select last from kernel_change_counter')).rows[0].last),
  }
}
