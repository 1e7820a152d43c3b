/** A plan says exactly what applying does; what is changed by hand and what is changed by file never overwrite each other. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import {
  assignPackage,
  declarePackage,
  findPackage,
  packageOf,
  plainTerms,
} from '#/access/packages/packages.ts'
import { createAuditSink } from '#/governance/audit/audit.ts'
import { createPartner, findPartnerBySlug, renamePartner } from '#/identity/partners/partners.ts'
import { loadDocument } from '#/contracts/documents/documents.ts'
import { ConfigError } from '#/kernel/config/config.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId, publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { applyFile, applyProvider, planFile } from '#/publish/declaration/declaration.ts'
import type { Takes } from '#/publish/declaration/declaration.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const opened = await testDatabase()
const sealer = createSealer(Buffer.alloc(32, 7))
const audit = createAuditSink(sealer)
const database = { ...opened, control: { ...opened.control, audit } }
const folder = mkdtempSync(join(tmpdir(), 'portico-plan-'))
after(() => rmSync(folder, { recursive: true }))
const provider = join(folder, 'portico.yaml')

writeFileSync(
  join(folder, 'orders.json'),
  JSON.stringify({
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
  }),
)

const sha256 = (await loadDocument(join(folder, 'orders.json'))).sha256.slice(0, 12)

const first = `provider: { name: Northlight }
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

const operator = { kind: 'operator', id: newId(), role: 'admin' } as const
const byHand = <T>(work: (tx: Tx) => Promise<T>) => transact(database.control, operator, work)
const options = (takes: Takes = new Map()) => {
  return { provider, environment: {}, demo: false, database, sealer, takes }
}

function write(text: string): void {
  writeFileSync(provider, text)
}
const plan = (takes?: Takes) => planFile(options(takes))
const apply = (takes?: Takes) => applyFile(options(takes))

async function lastChange(): Promise<number> {
  return Number((await opened.owner.query('select last from kernel_change_counter')).rows[0].last)
}

async function packageOfEach(): Promise<Record<string, string>> {
  const slugs = ['acme', 'bolt', 'cord', 'dyne']
  return byHand(async (tx) => {
    const found: Record<string, string> = {}
    for (const slug of slugs) {
      const partner = await findPartnerBySlug(tx, slug)
      const on = partner && (await packageOf(tx, partner.id))
      if (on) found[slug] = `${on.name}@${on.number}`
    }
    return found
  })
}

const put = (slug: string, name: string, number?: number) =>
  byHand(async (tx) => {
    const partner = (await findPartnerBySlug(tx, slug)) ?? (await createPartner(tx, { slug, name: slug }))
    await assignPackage(tx, partner.id, await findPackage(tx, name, number))
  })

/** What the plan says after the groups of changes; times and ids as they are. */
const tail = (text: string, from: string) => text.slice(text.indexOf(from))
const someTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g
const withoutTimes = (text: string) => text.replaceAll(someTime, 'TIME')

test('what is new is told field by field, and applying it does just that', async () => {
  write(first)
  const before = await lastChange()
  const planned = await plan()
  assert.deepEqual([planned.verdict, await lastChange()], ['changes', before])
  assert.equal(
    planned.text,
    `provider
  + provider
      name: Northlight

upstreams
  + main
      live: http://live.invalid
      sandbox: http://sandbox.invalid
      connect: 2s
      headers: 10s
      idle: 30s

contracts
  + orders
      upstream: main
      version: 1.0.0
      document: ${sha256}

capabilities
  + orders
      title: Orders
      exposure: general
      rollout.live: on
      rollout.sandbox: on
  + drafts
      title: Drafts
      exposure: dark
      rollout.live: on
      rollout.sandbox: on

packages
  + pro
      title: Pro
      limits: { burst: 20, perSecond: 5 }
      environments: [live, sandbox]
      webhooks: true
      support: standard
      agreement: none
      entitlements.orders

partners
  + acme
      name: Acme
      package: pro
  + bolt
      name: Bolt
      package: pro
  + cord
      name: Cord
      package: pro

Plan: 9 to add.
`,
  )
  const applied = await apply()
  assert.equal(applied.text, planned.text.replace('Plan: 9 to add.', 'Done: 9 added.'))
  assert.deepEqual(
    applied.partners.map(({ slug }) => slug),
    ['acme', 'bolt', 'cord'],
  )
})

test('applied again there is nothing to do, and nothing is written', async () => {
  const before = await lastChange()
  for (const { text, verdict } of [await plan(), await apply()]) {
    assert.deepEqual([text, verdict], ['Nothing to do.\n', 'nothing'])
  }
  assert.equal(await lastChange(), before)
})

test('a new version of a package moves whom the file names, and says who stays where and why', async () => {
  const more = first
    .replace('title: Pro', 'title: Pro plan')
    .replace('[orders]', '[orders, drafts]')
    .replace('{ burst: 20, perSecond: 5 }', '{ burst: 50, perSecond: 5 }')
    .replace('name: Acme, package: pro', 'name: Acme, package: pro@1')
  write(more.replace('[orders, drafts]', '[orders]'))
  await apply()
  await put('cord', 'pro', 1)
  await put('dyne', 'pro', 2)
  write(more)
  const planned = await plan()
  const expected = `packages
  ~ pro: version 3
      + entitlements.drafts
      1 partner moves, 1 stays on version 2 (not named in the file), 2 stay on version 1 (1 by hand, 1 pinned)

Changed by hand, and left alone
  partners.cord.package: the file says pro, what runs is pro@1 (operator ${publicId('per', operator.id)} at TIME, packages.assign)

Plan: 1 to change, 1 partner to move.
`
  assert.equal(withoutTimes(planned.text), expected)
  const { text } = await apply()
  assert.equal(
    withoutTimes(text),
    expected.replace('Plan: 1 to change, 1 partner to move', 'Done: 1 changed, 1 partner moved'),
  )
  assert.deepEqual(await packageOfEach(), { acme: 'pro@1', bolt: 'pro@3', cord: 'pro@1', dyne: 'pro@2' })
  assert.equal((await apply()).verdict, 'nothing')
  assert.equal((await apply(new Map([['partners.cord', 'file']]))).verdict, 'changes')
  assert.equal((await packageOfEach()).cord, 'pro@3')
  write(more.replace('package: pro@1', 'package: pro@9'))
  assert.match(
    (await plan()).text,
    /portico\.yaml:15 partners\.acme\.package: There is no package pro of version 9\./,
  )
})

test('a version made by hand is the newest too', async () => {
  write(first)
  await apply()
  await byHand((tx) => declarePackage(tx, { name: 'pro', title: 'Pro', terms: plainTerms(['orders']) }))
  const { text } = await apply()
  assert.match(
    text,
    /^packages\n  ~ pro: version 5\n      3 partners move, 1 stays on version 2 \(not named in the file\)\n/,
  )
  assert.match(
    text,
    /packages\.pro\.limits: the file says \{ burst: 20, perSecond: 5 \}, what runs is nothing/,
  )
  await apply(new Map([['', 'file']]))
})

describe('changed by hand', () => {
  const rename = (name: string) =>
    byHand(async (tx) => renamePartner(tx, (await findPartnerBySlug(tx, 'acme'))!.id, name))

  test('and not in the file: it is left alone, at every apply, until the file is to win', async () => {
    write(first)
    await rename('Acme Ltd')
    for (let twice = 0; twice < 2; twice += 1) {
      const { text, verdict } = await apply()
      assert.equal(verdict, 'nothing')
      assert.equal(
        withoutTimes(text),
        `Changed by hand, and left alone
  partners.acme.name: the file says Acme, what runs is Acme Ltd (operator ${publicId('per', operator.id)} at TIME, partners.rename)

Nothing to do.
`,
      )
    }
    assert.match((await apply(new Map([['partners.acme.name', 'file']]))).text, /~ name: Acme Ltd → Acme\n/)
    assert.equal((await apply()).text, 'Nothing to do.\n')
  })

  test('and in the file to the same: nobody has to decide', async () => {
    await rename('Acme AG')
    write(first.replace('name: Acme,', 'name: Acme AG,'))
    assert.deepEqual([(await apply()).text, (await plan()).text], ['Nothing to do.\n', 'Nothing to do.\n'])
  })

  for (const [side, name] of [
    ['file', 'Acme SE'],
    ['running', 'Acme Inc'],
  ] as const) {
    test(`and in the file: a conflict that changes nothing else either, until somebody takes ${side}`, async () => {
      write(first)
      await apply(new Map([['', 'file']]))
      await rename('Acme Inc')
      write(first.replace('name: Acme,', 'name: Acme SE,').replace('name: Bolt,', 'name: Bolt SE,'))
      const before = await lastChange()
      const refused = await apply()
      assert.deepEqual([refused.verdict, refused.partners, await lastChange()], ['refused', [], before])
      assert.equal(
        withoutTimes(tail(refused.text, 'Refused')),
        `Refused; nothing was changed
  portico.yaml:15 partners.acme.name: changed in the file and by hand
      the file said Acme until now (applied TIME)
      it says Acme SE
      what runs is Acme Inc (operator ${publicId('per', operator.id)} at TIME, partners.rename)
      decide with --take file:partners.acme.name or --take running:partners.acme.name

Nothing can be applied: 1 refusal.
`,
      )
      assert.equal((await plan()).verdict, 'refused')
      const taken = await apply(new Map([['partners.acme', side]]))
      assert.equal(taken.verdict, 'changes')
      const found = await byHand((tx) => findPartnerBySlug(tx, 'acme'))
      assert.equal(found?.name, name)
      assert.equal((await apply()).verdict, 'nothing')
    })
  }
})

test('what the file names no longer stays, and is let go once; a contract is no longer served', async () => {
  write(first)
  await apply(new Map([['', 'file']]))
  write(first.replace(/^contracts:\n.*\n/m, 'contracts: {}\n').replace(/ {2}cord:.*\n/, ''))
  assert.equal(
    (await apply()).text,
    `contracts
  - orders: no longer served

partners
  - cord: no longer in the file; it stays as it is

Done: 1 withdrawn, 1 let go.
`,
  )
  assert.equal((await plan()).text, 'Nothing to do.\n')
  assert.ok(await byHand((tx) => findPartnerBySlug(tx, 'cord')))
  write(first)
  assert.match((await apply()).text, /Done: 1 added\.\n$/)
})

test('of two that apply at once one does it, and the other finds it done', async () => {
  write(first.replace('Northlight', 'Southlight').replace('Bolt,', 'Bolt & Sons,'))
  const before = await lastChange()
  const outcomes = await Promise.all([apply(), apply(), apply()])
  assert.deepEqual(outcomes.map(({ verdict }) => verdict).toSorted(), ['changes', 'nothing', 'nothing'])
  assert.ok((await lastChange()) > before)
})

test('a mistake changes nothing and is told at its line; a refusal of what runs is told at its line too', async () => {
  const before = await lastChange()
  write(first.replace('[orders]', '[order]').replace('name: Acme,', 'name: Other,'))
  await assert.rejects(apply(), (error: unknown) => {
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(error.mistakes, [
      'portico.yaml:12 packages.pro.capabilities.0: there is no capability order',
    ])
    return true
  })
  assert.equal(await lastChange(), before)
})

describe('a start', () => {
  async function start() {
    const lines: { level: string; event?: string; refused?: string[]; left?: string[] }[] = []
    const note = (level: string) => (line: object) => void lines.push({ level, ...line })
    const log = Object.assign(silentLog(), { warn: note('warn'), error: note('error') })
    const applied = await applyProvider({ provider, environment: {}, demo: false, database, sealer, log })
    return { applied, lines }
  }

  test('with a conflict applies nothing, says so, and serves what runs', async () => {
    write(first)
    await apply(new Map([['', 'file']]))
    await byHand(async (tx) => renamePartner(tx, (await findPartnerBySlug(tx, 'acme'))!.id, 'By hand'))
    write(first.replace('name: Acme,', 'name: Other,').replace('name: Bolt,', 'name: Bolt SE,'))
    const before = await lastChange()
    const { applied, lines } = await start()
    assert.equal(await lastChange(), before)
    assert.deepEqual(
      applied.partners.map(({ slug, name }) => [slug, name]),
      [
        ['acme', 'By hand'],
        ['bolt', 'Bolt'],
        ['cord', 'Cord'],
      ],
    )
    const [{ level, event, refused = [] } = { level: '' }] = lines
    assert.deepEqual([lines.length, level, event, refused.length], [1, 'error', 'declaration.refused', 1])
    assert.match(
      refused[0]!,
      /^portico\.yaml:15 partners\.acme\.name: changed in the file and by hand \(operator per_/,
    )
  })

  test('leaves alone what was changed by hand, and says what', async () => {
    write(first.replace('name: Bolt,', 'name: Bolt SE,'))
    const { applied, lines } = await start()
    assert.deepEqual(
      applied.partners.map(({ name }) => name),
      ['By hand', 'Bolt SE', 'Cord'],
    )
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['declaration.changed_by_hand'],
    )
    assert.match(lines[0]?.left?.[0] ?? '', /^portico\.yaml:15 partners\.acme\.name \(operator per_/)
  })
})
