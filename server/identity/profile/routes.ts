/** One partner in the management API: everything identity knows of it on one page, never the text of a key. */
import { Type } from 'typebox'
import { listApplications } from '#/identity/applications/applications.ts'
import { listKeys } from '#/identity/keys/keys.ts'
import type { Key } from '#/identity/keys/keys.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import { countMembers } from '#/identity/people/people.ts'
import { readProfile } from '#/identity/profile/profile.ts'
import type { Profile } from '#/identity/profile/profile.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const time = Type.String({ format: 'date-time' })
const noTime = Type.Union([time, Type.Null()])
const Bound = Type.Union([Type.Array(Type.String()), Type.Null()])
const Environment = Type.Union([Type.Literal('live'), Type.Literal('sandbox')])

const KeyAnswer = Type.Object({
  id: Type.String(),
  applicationId: Type.String(),
  environment: Environment,
  label: Type.String(),
  lastFour: Type.String(),
  scopes: Bound,
  networks: Bound,
  createdAt: time,
  expiresAt: noTime,
  revokedAt: noTime,
  lastUsedAt: noTime,
})

const ProfileAnswer = Type.Object({
  version: Type.Integer({ description: '0: nothing is known yet.' }),
  recordedAt: noTime,
  missing: Type.Array(Type.String(), { description: 'Facts that an invoice cannot do without.' }),
  facts: Type.Object({}, { additionalProperties: true }),
})

const Answer = Type.Object({
  id: Type.String(),
  slug: Type.String(),
  name: Type.String(),
  state: Type.String(),
  createdAt: time,
  package: Type.Union([Type.Object({ name: Type.String(), title: Type.String() }), Type.Null()]),
  members: Type.Integer(),
  applications: Type.Array(
    Type.Object({
      id: Type.String(),
      environment: Environment,
      name: Type.String(),
      state: Type.Union([Type.Literal('active'), Type.Literal('suspended')]),
    }),
  ),
  keys: Type.Array(KeyAnswer),
  profile: ProfileAnswer,
})

export type PartnerPageDeps = {
  readonly sealer: Sealer
  /** What access knows of the partner; it stands above identity, so it is handed in. */
  readonly packageOf: (tx: Tx, partnerId: string) => Promise<{ name: string; title: string } | null>
}

export function partnerPageRoutes({ sealer, packageOf }: PartnerPageDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/partners/:id',
      permission: 'partners:read',
      summary: 'A partner with its package, applications, keys, members and facts',
      params: Type.Object({ id: Type.String({ description: '`ptn_…`' }) }),
      answer: { status: 200, schema: Answer },
      handle: async ({ params, transact }) => {
        const id = parseId('ptn', params.id)
        if (id === null) throw partnerNotFound.with()
        return { status: 200, body: await transact((tx) => read(tx, id)) }
      },
    }),
  ]

  async function read(tx: Tx, id: string) {
    const partner = await findPartner(tx, id)
    if (!partner) throw partnerNotFound.with()
    const applications = await listApplications(tx, id)
    return {
      id: publicId('ptn', id),
      slug: partner.slug,
      name: partner.name,
      state: partner.state,
      createdAt: partner.createdAt.toISOString(),
      package: await packageOf(tx, id),
      members: await countMembers(tx, id),
      applications: applications.map((one) => ({
        id: publicId('app', one.id),
        environment: one.environment,
        name: one.name,
        state: one.state,
      })),
      keys: (await listKeys(tx, id)).map((key) => showKey(key, key.application.environment)),
      profile: showProfile(await readProfile(tx, sealer, id)),
    }
  }
}

function showKey(key: Key, environment: 'live' | 'sandbox') {
  const { label, lastFour, scopes, networks } = key
  const text = (at: Date | null) => at?.toISOString() ?? null
  return {
    id: publicId('key', key.id),
    applicationId: publicId('app', key.applicationId),
    environment,
    label,
    lastFour,
    scopes,
    networks,
    createdAt: key.createdAt.toISOString(),
    expiresAt: text(key.expiresAt),
    revokedAt: text(key.revokedAt),
    lastUsedAt: text(key.lastUsedAt),
  }
}

function showProfile({ version, recordedAt, missing, facts }: Profile) {
  return { version, recordedAt: recordedAt?.toISOString() ?? null, missing, facts }
}
