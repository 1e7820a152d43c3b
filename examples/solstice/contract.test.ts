/** The document itself, before anyone serves it: complete, classified, and in step with portico.yaml. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { type Contract, escape, type Json, loadContract } from './testing/contract.ts'

const classes = [
  'public',
  'internal',
  'personal',
  'cost',
  'margin',
  'payout',
  'supplier',
  'rate-card',
  'evidence',
]
let contract: Contract

before(async () => {
  contract = await loadContract()
})

/** Calls back for every object in the document, with its pointer. */
function walk(value: unknown, pointer: string, visit: (node: Json, pointer: string) => void): void {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) visit(value as Json, pointer)
  for (const [name, child] of Object.entries(value)) walk(child, `${pointer}/${escape(name)}`, visit)
}

/** Pointers of all properties, values of typed maps included, with the class each states. */
function classified(): Map<string, unknown> {
  const found = new Map<string, unknown>()
  walk(contract.document, '', (node, pointer) => {
    if (/\/examples?(\/|$)/.test(pointer)) return
    const properties = pointer.endsWith('/properties') ? node : {}
    for (const [name, schema] of Object.entries(properties)) {
      found.set(`${pointer}/${name}`, (schema as Json)['x-portico-class'])
    }
    const values = node['additionalProperties']
    if (typeof values === 'object')
      found.set(`${pointer}/additionalProperties`, (values as Json)['x-portico-class'])
  })
  return found
}

test('every property states a class, and every class occurs', () => {
  const stated = classified()
  const wrong = [...stated].filter(([, one]) => !classes.includes(String(one))).map(([pointer]) => pointer)
  assert.deepEqual(wrong, [])
  assert.deepEqual(new Set(stated.values()), new Set(classes))
})

test('the document has no default that would release what nobody classified', () => {
  walk(contract.document, '', (node, pointer) => assert.ok(!('x-portico-default-class' in node), pointer))
})

test('every operation says what it is, which capability it belongs to and which scopes it needs', () => {
  for (const [id, { method, operation }] of contract.operations) {
    assert.ok(operation['summary'], id)
    const capability = String(operation['x-portico-capability'])
    const right = method === 'get' ? 'read' : 'write'
    assert.deepEqual(operation['x-portico-scopes'], [`${capability}:${right}`], id)
  }
  assert.equal(contract.operations.size, 15)
})

test('every example holds to the schema beside it', () => {
  let count = 0
  walk(contract.document, '', (node, pointer) => {
    const beside = 'schema' in node ? `${pointer}/schema` : pointer
    const examples = [...('example' in node ? [node['example']] : []), ...listOf(node['examples'])]
    for (const example of examples) {
      count += 1
      assert.deepEqual(contract.faults(beside, example), [], `${pointer}: ${JSON.stringify(example)}`)
    }
  })
  assert.ok(count > 15, `only ${count} examples`)
})

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

test('portico.yaml and the contract name the same capabilities, and packages grant only those', () => {
  const text = readFileSync(join(import.meta.dirname, 'portico.yaml'), 'utf8')
  const declaration = parse(text) as Readonly<Record<string, Readonly<Record<string, Json>>>>
  const { capabilities = {}, packages = {}, partners = {}, contracts = {}, upstreams = {} } = declaration
  const used = [...contract.operations.values()].map(({ operation }) => operation['x-portico-capability'])
  assert.deepEqual(new Set(Object.keys(capabilities)), new Set(used))
  for (const [name, { capabilities: short, entitlements }] of Object.entries(packages)) {
    const granted = [...(short as readonly string[]), ...Object.keys(entitlements as object)]
    for (const one of granted) assert.ok(one in capabilities, `${name} grants ${one}`)
  }
  for (const [name, partner] of Object.entries(partners)) {
    assert.ok(String(partner['package']) in packages, `${name} is on ${String(partner['package'])}`)
  }
  for (const one of Object.values(contracts)) assert.ok(String(one['upstream']) in upstreams)
})

test('master data is dark with gates that nothing meets, and no contract gives it anything that writes', () => {
  const text = readFileSync(join(import.meta.dirname, 'portico.yaml'), 'utf8')
  const { exposure, gates, evidence } = parse(text).capabilities['master-data']
  const met = (evidence as readonly { gate: string }[]).map(({ gate }) => gate)
  assert.equal(exposure, 'dark')
  assert.deepEqual(
    (gates as readonly string[]).filter((gate) => !met.includes(gate)),
    ['legal', 'certification', 'production-evidence'],
  )
  const own = [...contract.operations.values()].filter(
    ({ operation }) => operation['x-portico-capability'] === 'master-data',
  )
  assert.ok(own.length > 0)
  for (const { method, operation } of own) {
    assert.deepEqual([method, operation['x-portico-scopes']], ['get', ['master-data:read']])
  }
})
