/** A plan says exactly what applying does, and applying again does nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assignPackage,
  declarePackage,
  findPackage,
  packageOf,
  plainTerms,
} from '#/access/packages/packages.ts'
import { createPartner, findPartnerBySlug } from '#/identity/partners/partners.ts'
import { ConfigError } from '#/kernel/config/config.ts'
import { publicId } from '#/kernel/id/id.ts'
import {
  declarationScene,
  everything,
  first,
  operator,
  withoutTimes,
} from '../../../tests/support/declaration/scene.ts'

const { sha256, write, plan, apply, byHand, lastChange } = await declarationScene()

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
  await apply(everything('file'))
})

test('what the file names no longer stays, and is let go once; a contract is no longer served', async () => {
  write(first)
  await apply(everything('file'))
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
