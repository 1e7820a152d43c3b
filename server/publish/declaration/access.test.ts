/** Gates, evidence, exposure, rollouts and attributes by file: what is applied, what is refused where, and export. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { changeExposure, findCapability, listCapabilities } from '#/access/capabilities/capabilities.ts'
import { addEvidence, listEvidence, openGates } from '#/access/readiness/readiness.ts'
import { attributesOf, readRollouts, setRollout } from '#/access/rollouts/rollouts.ts'
import { createAuditSink } from '#/governance/audit/audit.ts'
import { findPartnerBySlug } from '#/identity/partners/partners.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { applyFile, applyProvider, exportFiles, planFile } from '#/publish/declaration/declaration.ts'
import type { Takes } from '#/publish/declaration/declaration.ts'
import { testDatabase } from '../../../tests/support/database.ts'

let offset = 0
const clock = {
  wall: () => Date.now() + offset,
  business: () => new Date(Date.now() + offset),
  monotonicUs: () => performance.now() * 1000,
}
const sealer = createSealer(Buffer.alloc(32, 7))
const audit = createAuditSink(sealer)
const opened = await testDatabase(clock)
const database = { ...opened, control: { ...opened.control, audit } }
const empty = await testDatabase(clock)
const folder = mkdtempSync(join(tmpdir(), 'portico-access-'))
after(() => rmSync(folder, { recursive: true }))
const provider = join(folder, 'portico.yaml')

const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'somebody' }, work)
const options = (takes: Takes = new Map()) => {
  return { provider, environment: {}, demo: false, database, sealer, takes }
}
const plan = (takes?: Takes) => planFile(options(takes))
const apply = (takes?: Takes) => applyFile(options(takes))
const day = 86_400_000
const soon = (days: number) => new Date(Math.floor(Date.now() / day + days) * day).toISOString()

const first = `provider: { name: Northlight }
contracts: {}
upstreams: {}
gates:
  legal: { title: Legal, lasts: 90d, onLapse: hide }
  audit: { title: Audit }
capabilities:
  orders:
    title: Orders
    exposure: general
    gates: [legal, audit]
    evidence:
      - { gate: legal, kind: sign-off, reference: terms.v1, signedBy: Ada Lovelace, on: '${soon(-10)}' }
      - { gate: audit, kind: check, reference: run 7, on: '${soon(-10)}', until: '${soon(700)}' }
    rollout:
      sandbox: on
      live: { percentage: 5, steps: [{ at: '${soon(2)}', percentage: 25 }, { at: '${soon(4)}', to: on }] }
  drafts: { title: Drafts, exposure: dark, gates: [legal] }
packages:
  pro: { title: Pro, capabilities: [orders] }
partners:
  acme: { name: Acme, package: pro, attributes: { country: AT, size: small } }
  bolt: { name: Bolt, package: pro }
`

async function applied(text: string): Promise<string> {
  writeFileSync(provider, text)
  return (await apply()).text
}

const changed = (from: string | RegExp, to: string, text = first) => {
  const result = text.replace(from, to)
  assert.notEqual(result, text, String(from))
  return result
}

async function liveOf(name: string): Promise<unknown> {
  return within(async (tx) => {
    const { id } = await findCapability(tx, name)
    return (await readRollouts(tx, null)).get(`${id} live`)?.map(({ value }) => value)
  })
}

test('a capability is born open with the evidence that the file carries', async () => {
  const text = await applied(first)
  assert.match(
    text,
    /\+ orders\n {6}title: Orders\n {6}exposure: general\n {6}gates\.legal\n {6}gates\.audit\n/,
  )
  assert.match(
    text,
    / {6}rollout\.live: \{ percentage: 5, steps: \[\{ at: .*, percentage: 25 \}, \{ at: .*, to: on \}\] \}\n/,
  )
  await within(async (tx) => {
    const { id } = await findCapability(tx, 'orders')
    assert.deepEqual(await openGates(tx, id), [])
    const evidence = await listEvidence(tx, sealer, id)
    assert.deepEqual(
      evidence.map(({ gate, signedBy, until }) => [gate, signedBy, until?.toISOString()]),
      [
        ['audit', null, soon(700)],
        ['legal', 'Ada Lovelace', soon(80)],
      ],
    )
    const acme = (await findPartnerBySlug(tx, 'acme'))!
    assert.deepEqual(await attributesOf(tx, acme.id), { country: 'AT', size: 'small' })
  })
  const kinds = (await liveOf('orders')) as { kind: string }[]
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['percentage', 'percentage', 'on'],
  )
  assert.equal((await plan()).text, 'Nothing to do.\n')
})

test('the name of who signed is kept only sealed, and as a digest', async () => {
  const { rows } = await database.owner.query(
    "select fields::text from publish_declared where name = 'orders'",
  )
  assert.ok(!rows[0].fields.includes('Ada'))
  const text = changed('Ada Lovelace', 'Grace Hopper')
  writeFileSync(provider, text)
  const { text: planned } = await plan()
  assert.match(
    planned,
    /~ evidence\.legal\.terms\.v1: \{ .*signedBy: Ada Lovelace.* \} → \{ .*signedBy: Grace Hopper/,
  )
  assert.equal((await apply()).verdict, 'changes')
  assert.equal((await apply()).verdict, 'nothing')
  await applied(first)
})

test('a rollout says how many it lets in and puts out', async () => {
  const off = changed(
    /rollout:\n.*\n.*\n/,
    'rollout: { live: { cohort: { partners: [acme], where: { attribute: country, in: [DE] } } } }\n',
  )
  const text = await applied(off)
  assert.match(text, /rollout\.live: .* let in, .* put out\n/)
  const on = await applied(changed(/ {4}rollout:\n.*\n.*\n/, ''))
  assert.match(
    on,
    /~ rollout\.live: \{ cohort: \{ partners: \[acme\], where: .* → on\n {6}rollout\.live: 1 partner let in, no partners put out\n/,
  )
  const nobody = changed(/rollout:\n.*\n.*\n/, 'rollout: { live: { cohort: { partners: [nobody] } } }\n')
  writeFileSync(provider, nobody)
  assert.match(
    (await plan()).text,
    /portico\.yaml:\d+ capabilities\.orders\.rollout: There is no partner nobody\.\n/,
  )
  await applied(first)
})

test('another exposure says how many partners have the capability in their package', async () => {
  const text = await applied(changed('exposure: general', 'exposure: deprecated'))
  assert.equal(
    text,
    `capabilities
  ~ orders
      ~ exposure: general → deprecated
      2 partners have it in their package

Done: 1 changed.
`,
  )
  await applied(first)
})

describe('what runs may refuse what the file says, at its line, and then nothing is changed', () => {
  const cases: readonly [name: string, text: string, line: RegExp][] = [
    [
      'leaving dark',
      changed('title: Drafts, exposure: dark, gates: [legal]', 'title: Drafts, exposure: general'),
      /portico\.yaml:18 capabilities\.drafts\.exposure: drafts leaves dark only when a second person approves\. Propose it: POST \/v1\/capabilities\/drafts\/exposure; then apply again\.\n/,
    ],
    [
      'an open gate',
      changed('exposure: dark, gates', 'exposure: pilot, gates'),
      /portico\.yaml:18 capabilities\.drafts\.exposure: drafts has open gates: legal\.\n/,
    ],
    [
      'a way that there is not',
      changed('exposure: general', 'exposure: internal'),
      /portico\.yaml:10 capabilities\.orders\.exposure: orders is general; there is no way to internal\.\n/,
    ],
    [
      'a new one with a need and no evidence',
      changed('  drafts:', '  more: { title: More, exposure: pilot, gates: [legal] }\n  drafts:'),
      /portico\.yaml:18 capabilities\.more\.gates: The capability is open, and there is no evidence for legal\.\n/,
    ],
    [
      'the last evidence of an open one',
      changed(/.*run 7.*\n/, ''),
      /portico\.yaml:8 capabilities\.orders: The capability is open, and nothing else meets audit\.\n/,
    ],
  ]
  for (const [name, text, line] of cases) {
    test(name, async () => {
      const before = await database.owner.query('select last from kernel_change_counter')
      writeFileSync(provider, changed('title: Pro,', 'title: Professional,', text))
      for (const { verdict, text: said } of [await plan(), await apply()]) {
        assert.equal(verdict, 'refused')
        assert.match(said, line)
      }
      assert.deepEqual(
        (await database.owner.query('select last from kernel_change_counter')).rows,
        before.rows,
      )
    })
  }
})

test('an emergency change by hand outlives every start and every apply of the same file', async () => {
  await applied(first)
  await within(async (tx) => {
    await changeExposure(tx, 'orders', 'dark', { reason: 'leak' })
    const { id } = await findCapability(tx, 'orders')
    await setRollout(tx, id, 'live', { kind: 'off' })
    await addEvidence(tx, { capabilityId: id, gate: 'legal', kind: 'document', reference: 'by hand' })
  })
  const { text } = await apply()
  assert.match(
    text,
    /capabilities\.orders\.exposure: the file says general, what runs is dark \(system somebody at .*, capabilities\.expose\)\n/,
  )
  assert.match(
    text,
    /capabilities\.orders\.rollout\.live: the file says \{ percentage: 5, .* \}, what runs is off \(system somebody at .*, rollouts\.set\)\n/,
  )
  assert.doesNotMatch(text, /evidence/)
  const start = () => applyProvider({ ...options(), log: silentLog() })
  await start()
  writeFileSync(provider, changed('title: Orders', 'title: All orders'))
  await start()
  writeFileSync(provider, changed('exposure: general', 'exposure: deprecated'))
  await start()
  const [found] = (await within(listCapabilities)).filter(({ name }) => name === 'orders')
  assert.deepEqual(
    [found?.title, found?.exposure, await liveOf('orders')],
    ['All orders', 'dark', [...((await liveOf('orders')) as unknown[]).slice(0, -1), { kind: 'off' }]],
  )
})

test('where nothing runs yet a refusal stops the start', async () => {
  writeFileSync(provider, changed(/.*run 7.*\n/, ''))
  const start = applyProvider({ ...options(), database: empty, log: silentLog() })
  await assert.rejects(
    start,
    /capabilities\.orders\.gates: The capability is open, and there is no evidence for audit\./,
  )
})

test('evidence that has ended before it was ever applied is left out; where it was applied it stays', async () => {
  const text = changed(
    '    evidence:\n',
    `    evidence:\n      - { gate: legal, kind: document, reference: old, on: '${soon(-400)}' }\n`,
  )
  assert.doesNotMatch(await applied(text), /evidence\.legal\.old/)
  assert.equal((await plan()).verdict, 'nothing')
})

test('export is a file with its documents that plans to nothing, here and where nothing runs', async () => {
  const { files, left } = await exportFiles(database, sealer)
  assert.deepEqual([[...files.keys()], left], [['portico.yaml'], []])
  const place = join(folder, 'exported')
  mkdirSync(place)
  for (const [name, text] of files) writeFileSync(join(place, name), text)
  const planned = await planFile({ ...options(), provider: join(place, 'portico.yaml') })
  assert.equal(planned.text, 'Nothing to do.\n', readFileSync(join(place, 'portico.yaml'), 'utf8'))
})

test('steps that were taken are no difference, and those to come are replaced as a whole', async () => {
  const there = { ...options(), database: empty }
  writeFileSync(provider, first)
  await applyFile(there)
  offset = 3 * day
  assert.equal((await planFile(there)).text, 'Nothing to do.\n')
  const moved = `{ at: '${soon(9)}', to: on }`
  writeFileSync(provider, changed(`{ at: '${soon(4)}', to: on }`, moved))
  const { text } = await applyFile(there)
  assert.match(text, /~ rollout\.live: \{ percentage: 25, steps: .* \} → \{ percentage: 25, steps: /)
  assert.equal((await planFile(there)).text, 'Nothing to do.\n')
})
