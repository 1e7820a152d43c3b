/** What every side of the gateway benchmark serves: one operation, one answer of 1 KB, one key. */
import { compileDocument } from '#/contracts/compile/compile.ts'
import type { Snapshot, Upstream } from '#/gateway/gateway.ts'

export const path = '/api/projects/prj_0001'

/** About 1 KB as an upstream sends it, a fifth of it not for partners. */
export const answer = JSON.stringify({
  id: 'prj_0001',
  name: 'Rooftop array for the municipal swimming pool',
  status: 'in_design',
  createdAt: '2026-03-04T09:12:44Z',
  owner: { id: 'usr_0042', name: 'Dana Whitfield', riskScore: 17 },
  site: {
    street: '14 Harbour Lane',
    city: 'Port Ellery',
    postalCode: '90210',
    latitude: 33.98071,
    longitude: -118.45123,
  },
  modules: Array.from({ length: 4 }, (_, i) => ({
    id: `mod_000${i}`,
    model: 'SX-440 monocrystalline',
    count: 24 + i,
    watts: 440,
    cost: '112.40',
    supplierSource: 'warehouse-7',
  })),
  totals: { watts: 44_880, annualKilowattHours: 61_204.5, price: '48210.00', margin: '0.31' },
  tags: ['public-sector', 'flat-roof', 'priority'],
  internalNotes: 'Discount agreed on the phone, see the evidence folder.',
})

const text = { type: 'string', 'x-portico-class': 'public' }
const number = { type: 'number', 'x-portico-class': 'public' }
const hidden = { 'x-portico-class': 'internal' }
const object = (properties: object) => ({ type: 'object', 'x-portico-class': 'public', properties })
const list = (items: object) => ({ type: 'array', 'x-portico-class': 'public', items })

const project = object({
  id: text,
  name: text,
  status: { ...text, enum: ['draft', 'in_design', 'sold'] },
  createdAt: text,
  owner: object({ id: text, name: text, riskScore: { type: 'integer', ...hidden } }),
  site: object({ street: text, city: text, postalCode: text, latitude: number, longitude: number }),
  modules: list(
    object({
      id: text,
      model: text,
      count: number,
      watts: number,
      cost: { type: 'string', 'x-portico-class': 'cost' },
      supplierSource: { type: 'string', 'x-portico-class': 'supplier' },
    }),
  ),
  totals: object({
    watts: number,
    annualKilowattHours: number,
    price: text,
    margin: { type: 'string', 'x-portico-class': 'margin' },
  }),
  tags: list(text),
  internalNotes: { type: 'string', ...hidden },
})

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^prj_[0-9]{4}$' } }

/** One operation, known to everyone who asks. */
export function snapshotFor(port: number, digest: string): Snapshot {
  const compiled = compileDocument(
    {
      openapi: '3.1.0',
      info: { title: 'Bench', version: '1.0.0' },
      paths: {
        '/api/projects/{id}': {
          get: {
            operationId: 'getProject',
            parameters: [id],
            responses: { 200: { description: 'One', content: { 'application/json': { schema: project } } } },
          },
        },
      },
    },
    { contract: 'bench' },
  )
  const [operation] = compiled.operations
  if (operation === undefined) throw new Error(JSON.stringify(compiled.refusals))
  const upstream: Upstream = {
    name: 'bench',
    url: `http://127.0.0.1:${port}`,
    connectTimeout: 5_000,
    headersTimeout: 5_000,
    idleTimeout: 5_000,
  }
  const route = {
    operation,
    target: { kind: 'remote', upstreams: { live: upstream, sandbox: upstream } },
    apiVersion: '2026-11-01',
  } as const
  const ids = {
    partnerId: '018f4e2a-0000-7000-8000-00000000aaaa',
    id: '018f4e2a-0000-7000-8000-00000000bbbb',
  }
  const application = { ...ids, environment: 'live' } as const
  const credential = {
    id: '018f4e2a-0000-7000-8000-00000000cccc',
    application,
    expiresAt: null,
    revokedAt: null,
    scopes: null,
    usableFrom: null,
    member: null,
  }
  const credentials = new Map([[digest, credential]])
  const allowed = { allow: true, validUntil: null } as const
  const prefix = '/api/projects/'
  return {
    version: 1,
    match: (method, asked) =>
      method === 'GET' && asked.startsWith(prefix)
        ? { kind: 'found', route, path: [asked.slice(prefix.length)] }
        : { kind: 'none' },
    credential: (asked) => credentials.get(asked),
    decide: () => allowed,
    hidden: () => false,
  }
}
