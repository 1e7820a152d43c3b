/** A contract alone opens nothing that is dark: not in one step, not in several, not under another name or template. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { changeExposure, openAction } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { declarationScene, everything, first } from '../../../tests/support/declaration/scene.ts'

const { options, write, plan, apply, byHand, lastChange } = await declarationScene()

type Carried = Readonly<Record<string, string | null>>

/** `file` as its name; each operation (`GET /api/drafts`) with its capability. */
function contract(file: string, operations: Carried): void {
  const paths: Record<string, Record<string, object>> = {}
  for (const [operation, capability] of Object.entries(operations)) {
    const [method = '', path = ''] = operation.split(' ')
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const parameters = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
    paths[path] ??= {}
    paths[path][method.toLowerCase()] = {
      ...(capability !== null && { 'x-portico-capability': capability }),
      ...(parameters.length > 0 && { parameters }),
      responses: { 200: { description: 'As asked.' } },
    }
  }
  const document = { openapi: '3.1.0', info: { title: 'Orders', version: '1.0.0' }, paths }
  writeFileSync(join(dirname(options.provider), file), JSON.stringify(document))
}

const before: Carried = {
  'GET /orders': 'orders',
  'GET /api/drafts/{id}': 'drafts',
  'POST /api/drafts': 'drafts',
}
const yaml = first.replace('  drafts:', '  later: { title: Later, exposure: dark }\n  drafts:')
const expose = (name: string, to: Exposure) =>
  byHand((tx) => changeExposure(tx, name, to, { reason: 'a test' }))
const open = (capability: string) =>
  byHand((tx) =>
    openAction.run(tx, { capability, to: 'general', reason: 'a test', gates: [], evidence: [] }, null),
  )

async function refused(expected: RegExp): Promise<void> {
  const changes = await lastChange()
  for (const outcome of [await plan(), await apply()]) {
    assert.equal(outcome.verdict, 'refused')
    assert.match(outcome.text, expected)
  }
  assert.equal(await lastChange(), changes)
}

beforeEach(async () => {
  contract('orders.json', before)
  write(yaml)
  assert.notEqual((await apply(everything('file'))).verdict, 'refused')
})

test('moved to an open capability, old or new, it is refused with its place, and nothing is changed', async () => {
  contract('orders.json', {
    'GET /orders': 'orders',
    'GET /api/drafts/{draft}': 'orders',
    'POST /api/drafts': 'drafts',
  })
  await refused(
    /portico\.yaml:\d+ contracts\.orders\.file: GET \/api\/drafts\/\{\} stands under drafts, which partners may not know of; under orders they would\./,
  )
  contract('orders.json', { ...before, 'POST /api/drafts': 'fresh' })
  for (const exposure of ['pilot', 'general', 'deprecated']) {
    write(yaml.replace('  drafts:', `  fresh: { title: Fresh, exposure: ${exposure} }\n  drafts:`))
    await refused(/POST \/api\/drafts stands under drafts/)
  }
})

test('to the capability of the Partner API, which everyone has, it is refused, too', async () => {
  contract('orders.json', { ...before, 'POST /api/drafts': 'partner-api' })
  await refused(/under partner-api they would/)
})

test('left out at first, or left without a capability, it is remembered; so it is in another contract', async () => {
  const { 'POST /api/drafts': _, ...without } = before
  contract('orders.json', without)
  assert.equal((await apply()).verdict, 'changes')
  contract('orders.json', { ...before, 'POST /api/drafts': null })
  assert.equal((await apply()).verdict, 'changes')
  contract('orders.json', { ...before, 'POST /api/drafts': 'orders' })
  await refused(/POST \/api\/drafts stands under drafts/)

  contract('orders.json', without)
  contract('other.json', { 'POST /api/drafts': 'orders' })
  write(yaml.replace('contracts:\n', 'contracts:\n  other: { file: other.json, upstream: main }\n'))
  await refused(/contracts\.other\.file: POST \/api\/drafts/)
})

test('gone, it is not answered by an open template that its path fits', async () => {
  contract('orders.json', {
    'GET /orders': 'orders',
    'POST /api/{thing}': 'orders',
    'GET /api/drafts/{id}': 'drafts',
  })
  await refused(/POST \/api\/drafts stands under drafts.*, where \/api\/\{thing\} would answer/)
  contract('orders.json', { ...before, 'POST /api/{thing}': 'orders' })
  assert.equal((await apply()).verdict, 'changes')
})

test('what is taken back to the dark by hand cannot be moved out of it', async () => {
  await expose('orders', 'dark')
  contract('orders.json', { ...before, 'GET /orders': 'fresh' })
  write(yaml.replace('  drafts:', '  fresh: { title: Fresh, exposure: general }\n  drafts:'))
  await refused(/GET \/orders stands under orders/)
  await open('orders')
})

test('to a capability that is dark as well it moves, and opens with that, by two people', async () => {
  contract('orders.json', { ...before, 'POST /api/drafts': 'later' })
  assert.equal((await apply()).verdict, 'changes')
  contract('orders.json', { ...before, 'POST /api/drafts': 'orders' })
  await refused(/POST \/api\/drafts stands under later/)
  await open('later')
  assert.equal((await apply()).verdict, 'changes')
})

test('what partners may know of moves freely, and what is retired in the same file moves to what comes after it', async () => {
  await open('later')
  await expose('later', 'deprecated')
  contract('orders.json', { ...before, 'GET /orders': 'later' })
  assert.equal((await apply(everything('running'))).verdict, 'changes')
  contract('orders.json', before)
  write(yaml.replace('Later, exposure: dark', 'Later, exposure: retired'))
  assert.equal((await apply(everything('file'))).verdict, 'changes')
})
