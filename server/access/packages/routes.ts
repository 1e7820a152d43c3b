/** Packages in the management API: their versions, who is on which, and what one partner was given beside its own. */
import { Type } from 'typebox'
import {
  assignPackage,
  declarePackage,
  findPackage,
  grantByName,
  listPackages,
  packageVersions,
} from '#/access/packages/packages.ts'
import type { PackageTerms, PackageVersion } from '#/access/packages/packages.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import { refuseOwn } from '#/identity/people/people.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { lineOfText, pageOf, pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
import type { Route, Signer } from '#/kernel/http/http.ts'
import { parseId } from '#/kernel/id/id.ts'

const closed = { additionalProperties: false }
/** Kept as JSON, which takes less than text does: no control characters, and no half of a pair. */
const words = (maxLength: number) =>
  Type.String({ maxLength, pattern: String.raw`^[^\u0000-\u001f\u007f\ud800-\udfff]*$` })
const Limits = Type.Object({ burst: Type.Integer(), perSecond: Type.Number() }, closed)
const Entitlement = Type.Object(
  {
    kind: Type.Enum(['boolean', 'static', 'metered']),
    value: Type.Optional(Type.Union([words(200), Type.Number(), Type.Boolean()])),
    quota: Type.Optional(
      Type.Object({ amount: Type.Integer(), period: Type.Enum(['day', 'month', 'billing-period']) }, closed),
    ),
    limits: Type.Optional(Limits),
    price: Type.Optional(
      Type.Object(
        { amount: Type.String({ maxLength: 30 }), currency: Type.String({ maxLength: 3 }) },
        closed,
      ),
    ),
  },
  closed,
)
const Terms = Type.Object(
  {
    entitlements: Type.Record(Type.String({ maxLength: 100 }), Entitlement, {
      description: 'By the name of the capability.',
    }),
    limits: Type.Union([Limits, Type.Null()]),
    environments: Type.Array(Type.Enum(['live', 'sandbox']), { maxItems: 2 }),
    webhooks: Type.Boolean(),
    support: words(100),
    sla: Type.Union([words(100), Type.Null()]),
    agreement: Type.Enum(['none', 'required']),
  },
  closed,
)

const name = Type.String({ maxLength: 100, pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' })
const number = Type.Integer({ minimum: 1, maximum: 2_147_483_647 })
const count = Type.Integer({ description: 'Partners that are on it now.' })
const Summary = Type.Object({ name: Type.String(), title: Type.String(), newest: number, partners: count })
const Version = Type.Object({ name: Type.String(), title: Type.String(), version: number, terms: Terms })
const Package = Type.Object({
  name: Type.String(),
  title: Type.String(),
  versions: Type.Array(
    Type.Object({
      version: number,
      terms: Terms,
      recordedAt: Type.String({ format: 'date-time' }),
      partners: count,
    }),
  ),
})
const Assigned = Type.Object({ partnerId: Type.String(), package: Type.String(), version: number })
const Granted = Type.Object({ partnerId: Type.String(), capability: Type.String() })
const byName = Type.Object({ name: Type.String({ maxLength: 100 }) })
const byPartner = { id: Type.String({ description: '`ptn_…`' }) }
const reason = lineOfText(500, 'Why, for the audit.')

export function packageRoutes(deps: { readonly signer: Signer }): Route[] {
  return [listRoute(deps.signer), findRoute(), declareRoute(), assignRoute(), grantRoute(), takeBackRoute()]
}

function listRoute(signer: Signer): Route {
  return route({
    method: 'GET',
    path: '/v1/packages',
    permission: 'access:read',
    summary: 'Packages, in the order they were declared',
    query: Type.Object(pageQuery),
    answer: { status: 200, schema: pageSchema(Summary) },
    handle: async ({ query, transact }) => {
      const page = await transact((tx) =>
        pageOf(signer, ['packages'], query, (from) => listPackages(tx, from)),
      )
      return { status: 200, body: { ...page, data: page.data.map(({ id: _, ...shown }) => shown) } }
    },
  })
}

function findRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/packages/:name',
    permission: 'access:read',
    summary: 'One package with its versions, the newest first',
    params: byName,
    answer: { status: 200, schema: Package },
    handle: async ({ params, transact }) => {
      const versions = await transact((tx) => packageVersions(tx, params.name))
      const { title } = versions[0]!
      const shown = versions.map(({ number: version, terms, recordedAt, partners }) => {
        return { version, terms, recordedAt: recordedAt.toISOString(), partners }
      })
      return { status: 200, body: { name: params.name, title, versions: shown } }
    },
  })
}

function declareRoute(): Route {
  return route({
    method: 'POST',
    path: '/v1/packages/:name/versions',
    permission: 'access:write',
    action: 'packages.declare',
    summary:
      'Makes the newest version say this: other terms are a new version, and partners stay on the one they are on',
    params: Type.Object({ name }),
    body: Type.Object({ title: lineOfText(200, 'For people.'), terms: Terms }, closed),
    answer: { status: 200, schema: Version },
    handle: async ({ params, body, transact }) => {
      const { title } = body
      const declared = { name: params.name, title, terms: body.terms as PackageTerms }
      return { status: 200, body: show(await transact((tx) => declarePackage(tx, declared))) }
    },
  })
}

function assignRoute(): Route {
  return route({
    method: 'PUT',
    path: '/v1/partners/:id/package',
    permission: 'access:write',
    action: 'packages.assign',
    summary: 'Moves a partner onto a package, its newest version unless one is named; its keys go on',
    params: Type.Object(byPartner),
    body: Type.Object({ name: Type.String({ maxLength: 100 }), version: Type.Optional(number) }, closed),
    answer: { status: 200, schema: Assigned },
    handle: async ({ params, body, transact }) => {
      const version = await transact(async (tx) => {
        const partnerId = await partnerOf(tx, params.id)
        await refuseOwn(tx, partnerId)
        const found = await findPackage(tx, body.name, body.version)
        await assignPackage(tx, partnerId, found)
        return found
      })
      const shown = { partnerId: params.id, package: version.name, version: version.number }
      return { status: 200, body: shown }
    },
  })
}

function grantRoute(): Route {
  return route({
    method: 'POST',
    path: '/v1/partners/:id/grants',
    permission: 'access:write',
    action: 'access.grant',
    summary: 'Gives a partner one capability beside its package',
    params: Type.Object(byPartner),
    body: Type.Object({ capability: Type.String({ maxLength: 100 }), reason }, closed),
    answer: { status: 200, schema: Granted },
    handle: async ({ params, body, transact }) => {
      const { capability: named, reason: why } = body
      await transact(async (tx) => {
        const partnerId = await partnerOf(tx, params.id)
        await refuseOwn(tx, partnerId)
        await grantByName(tx, partnerId, named, { granted: true, reason: why })
      })
      return { status: 200, body: { partnerId: params.id, capability: named } }
    },
  })
}

function takeBackRoute(): Route {
  return route({
    method: 'DELETE',
    path: '/v1/partners/:id/grants/:capability',
    permission: 'access:write',
    action: 'access.take_back',
    summary: 'Takes back a capability that was given beside the package',
    params: Type.Object({ ...byPartner, capability: Type.String({ maxLength: 100 }) }),
    query: Type.Object({ reason }),
    answer: { status: 204 },
    handle: async ({ params, query, transact }) => {
      await transact(async (tx) => {
        const partnerId = await partnerOf(tx, params.id)
        await grantByName(tx, partnerId, params.capability, { granted: false, reason: query.reason })
      })
      return { status: 204, body: '' }
    },
  })
}

/** Throws `partnerNotFound`. */
async function partnerOf(tx: Tx, text: string): Promise<string> {
  const id = parseId('ptn', text)
  if (id === null || !(await findPartner(tx, id))) throw partnerNotFound.with()
  return id
}

function show({ name: named, title, number: version, terms }: PackageVersion) {
  return { name: named, title, version, terms }
}
