/** Partners keep their own onboarding facts. Two who change them at once do not overwrite each other. */
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { changeProfile, profileHistory, readProfile } from '#/identity/profile/profile.ts'
import type { Facts, Profile } from '#/identity/profile/profile.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { pageOf, pageQuery, pageQueryOf, partnerOperation } from '#/kernel/http/http.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'

const closed = { additionalProperties: false }
const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description })
const text = (most: number) => Type.String({ minLength: 1, maxLength: most })

const Address = Type.Object(
  {
    lines: Type.Array(text(200), { minItems: 1, maxItems: 4 }),
    postalCode: orNull(text(20)),
    city: text(100),
    region: orNull(text(100)),
  },
  closed,
)
const taxTypes = ['eu_vat', 'gb_vat', 'ch_vat', 'us_ein', 'other'] as const
const TaxId = Type.Object({ type: Type.Enum(taxTypes), value: text(40) }, closed)
const Contact = Type.Object({ name: text(200), email: text(254) }, closed)

const facts = {
  legalName: orNull(text(200)),
  country: orNull(text(2), 'ISO 3166-1, two capitals.'),
  address: orNull(Address),
  taxIds: Type.Array(TaxId, { maxItems: 10 }),
  billingEmail: orNull(text(254)),
  currency: orNull(text(3), 'ISO 4217, three capitals.'),
  timeZone: orNull(text(64), 'IANA, `Europe/Berlin`.'),
  securityContact: orNull(Contact),
  operationsContact: orNull(Contact),
}
const version = Type.Integer({ minimum: 0, description: 'Of what you read; 0: nothing is known yet.' })
const Shown = Type.Object({
  version,
  ...facts,
  missing: Type.Array(Type.String(), { description: 'What an invoice cannot do without.' }),
  recordedAt: orNull(Type.String({ format: 'date-time' })),
})
const Change = Type.Object(
  { version: Type.Optional(version), ...Type.Partial(Type.Object(facts)).properties },
  { ...closed, minProperties: 1 },
)

const common = { capability: 'partner-api', organisation: true } as const
const reads = { ...common, scopes: ['profile:read'], permission: 'profile:read' } as const
const writes = { ...common, scopes: ['profile:write'], permission: 'profile:write' } as const

export function profileOperations({ sealer }: { readonly sealer: Sealer }): PartnerOperation[] {
  return [reading(sealer), changing(sealer), history(sealer)]
}

function reading(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'getProfile',
    method: 'GET',
    path: '/partner/profile',
    summary: 'The facts of your organisation',
    ...reads,
    status: 200,
    response: Shown,
    handle: async (tx, { partnerId }) => ({
      status: 200,
      body: present(await readProfile(tx, sealer, partnerId)),
    }),
  })
}

function changing(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'changeProfile',
    method: 'PATCH',
    path: '/partner/profile',
    summary: 'Change facts of your organisation',
    description:
      'What is left out stays as it is. With the `version` you read, a change that somebody else made since is not overwritten: 409.',
    ...writes,
    action: 'profile.change',
    body: Change,
    status: 200,
    response: Shown,
    async handle(tx, { partnerId, body }) {
      const { version: from, ...changed } = body as Partial<Facts> & { version?: number }
      const change = { facts: changed, ...(from !== undefined && { from }) }
      return { status: 200, body: present(await changeProfile(tx, sealer, partnerId, change)) }
    },
  })
}

function history(sealer: Sealer): PartnerOperation {
  return partnerOperation({
    id: 'listProfileVersions',
    method: 'GET',
    path: '/partner/profile/history',
    summary: 'What was known of your organisation, newest first',
    ...reads,
    query: Type.Object(pageQuery),
    status: 200,
    response: Type.Object({
      data: Type.Array(Shown),
      nextCursor: orNull(Type.String(), 'Null on the last page.'),
    }),
    async handle(tx, { partnerId, query }) {
      const page = await pageOf(
        sealer,
        ['listProfileVersions', partnerId],
        pageQueryOf(query),
        async (next) => {
          const before = next.after === undefined ? {} : { before: Number(next.after) }
          const rows = await profileHistory(tx, sealer, partnerId, { limit: next.limit, ...before })
          return rows.map((row) => ({ ...row, id: String(row.version) }))
        },
      )
      return { status: 200, body: { ...page, data: page.data.map(present) } }
    },
  })
}

function present({ version: number, facts: known, missing, recordedAt }: Profile): Static<typeof Shown> {
  const { address, taxIds } = known
  return {
    version: number,
    ...known,
    address: address && { ...address, lines: [...address.lines] },
    taxIds: [...taxIds],
    missing: [...missing],
    recordedAt: recordedAt?.toISOString() ?? null,
  }
}
