/** What it costs to release an answer: projecting 1 KB of parsed JSON, against JSON.stringify of the whole of it. */
import { createClassifier, projectText } from '../server/contracts/classification/classification.ts'
import type { Projector } from '../server/contracts/classification/classification.ts'
import { table } from '../scripts/commands.ts'

const open = { 'x-portico-class': 'public' }
const text = { type: 'string', ...open }
const number = { type: 'number', ...open }
const cost = { type: 'number', 'x-portico-class': 'cost' }
const strings = [
  'id',
  'name',
  'kind',
  'createdAt',
  'updatedAt',
  'country',
  'city',
  'street',
  'zip',
  'inverter',
  'owner',
]
const numbers = ['lat', 'lng', 'size', 'price']

const item = {
  type: 'object',
  required: ['sku'],
  properties: { sku: text, quantity: { type: 'integer', ...open }, unitPrice: number, cost, title: text },
}
const project = {
  type: 'object',
  required: ['id', 'name'],
  properties: {
    ...Object.fromEntries(strings.map((name) => [name, text])),
    ...Object.fromEntries(numbers.map((name) => [name, number])),
    status: { type: 'string', enum: ['draft', 'active', 'archived'], ...open },
    currency: { type: 'string', minLength: 3, maxLength: 3, ...open },
    archived: { type: 'boolean', ...open },
    notes: { type: ['string', 'null'], ...open },
    tags: { type: 'array', items: { type: 'string' }, ...open },
    cost,
    margin: cost,
    supplierSource: { type: 'string', 'x-portico-class': 'supplier' },
    items: { type: 'array', items: { $ref: '#/components/schemas/Item' }, ...open },
  },
}
const choice = {
  oneOf: [
    { type: 'object', required: ['never'], properties: { never: text } },
    { $ref: '#/components/schemas/Project' },
  ],
}
const answer = {
  ...Object.fromEntries(strings.map((name) => [name, `${name} of a roof in Málaga`])),
  ...Object.fromEntries(numbers.map((name, index) => [name, 36.7213 * (index + 1)])),
  status: 'active',
  currency: 'EUR',
  archived: false,
  notes: 'South-facing, slight shade in the afternoon',
  tags: ['roof', 'school', 'es'],
  cost: 9_000,
  margin: 6_000,
  supplierSource: 'upstream only',
  rateCardId: 'rc_12',
  items: [1, 2, 3, 4].map((n) => ({
    sku: `panel-${n}`,
    quantity: n,
    unitPrice: 100 * n,
    cost: 50 * n,
    title: `Panel ${n}`,
  })),
}

/** Nanoseconds of one call, the best of some rounds: what else the machine did only ever adds. */
function measure(once: (value: unknown) => unknown, values: readonly unknown[]): number {
  let best = Infinity
  for (let round = 0; round < 9; round++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < 40_000; i++) once(values[i % values.length])
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 40_000)
  }
  return best
}

export default async function projectorBench(): Promise<void> {
  const json = JSON.stringify(answer)
  // Parsed anew each, as answers are: one object read again and again would sit in the cache.
  const values = Array.from({ length: 64 }, () => JSON.parse(json) as unknown)
  const document = { components: { schemas: { Project: project, Item: item } } }
  const classifier = createClassifier(document, { dialect: '3.1', defaultClass: null })
  const projector = (schema: unknown): Projector => classifier.projector(schema, '#').project
  const whole = measure((value) => JSON.stringify(value), values)
  const plain = projector(project)
  const answers = values.map((value) => Buffer.from(JSON.stringify(value)))
  const rows: [string, number][] = [
    ['JSON.stringify', whole],
    ['projected', measure(plain, values)],
    ['projected, second branch of oneOf', measure(projector(choice), values)],
    ['JSON.parse', measure(() => JSON.parse(json), values)],
    ['parsed and projected', measure(() => projectText(json, plain), values)],
    ['copied', measure((bytes) => plain.copy!(bytes as Buffer), answers)],
  ]
  console.log(
    table([
      [
        `${Buffer.byteLength(json)} bytes, ${Object.keys(answer).length} properties`,
        'ns',
        '× JSON.stringify',
      ],
      ...rows.map(([name, ns]) => [name, ns.toFixed(0), (ns / whole).toFixed(2)]),
    ]),
  )
}
