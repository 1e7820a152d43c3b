/** Service keys in the management API. A key's text is in one answer only, and a person proves again who it is first. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { serviceRoles } from '#/governance/roles/roles.ts'
import {
  createServiceKey,
  listServiceKeys,
  revokeServiceKey,
  rotateServiceKey,
  serviceKeyNotFound,
  serviceKeyTimes,
} from '#/identity/service-keys/service-keys.ts'
import type { CreatedServiceKey, ServiceKey } from '#/identity/service-keys/service-keys.ts'
import { requireStepUp } from '#/identity/sessions/sessions.ts'
import { parseTime } from '#/kernel/clock/clock.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { route } from '#/kernel/http/http.ts'
import type { Caller, Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const time = Type.String({ format: 'date-time' })
const noTime = Type.Union([time, Type.Null()])

const shown = {
  id: Type.String(),
  name: Type.String(),
  role: Type.String({ description: "An operator's role: what the service may do." }),
  lastFour: Type.String(),
  createdAt: time,
  expiresAt: noTime,
  revokedAt: noTime,
  lastUsedAt: noTime,
}

const KeyAnswer = Type.Object(shown)
const CreatedAnswer = Type.Object({ ...shown, key: Type.String({ description: 'Not shown again.' }) })

const params = Type.Object({ id: Type.String({ description: '`svk_…`' }) })
const ExpiresAt = Type.Optional(
  Type.Union([Type.String({ maxLength: 40 }), Type.Null()], {
    description: 'ISO 8601, such as `2027-11-01T00:00:00Z`; without it the key works until it is revoked.',
  }),
)

const CreateBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' }),
    role: Type.Union(serviceRoles.map((role) => Type.Literal(role))),
    expiresAt: ExpiresAt,
  },
  { additionalProperties: false },
)

const RotateBody = Type.Object(
  {
    overlapHours: Type.Integer({
      minimum: 0,
      maximum: 720,
      description: 'For how long the old key works on; 0: no longer.',
    }),
    expiresAt: ExpiresAt,
  },
  { additionalProperties: false },
)

type Deps = { readonly clock: Clock }

export function serviceKeyRoutes(deps: Deps): Route[] {
  return [listRoute(), createRoute(deps), rotateRoute(deps), revokeRoute()]
}

function listRoute(): Route {
  return route({
    method: 'GET',
    path: '/v1/service-keys',
    permission: 'service-keys:read',
    summary: "The keys of the provider's own services, never their text",
    answer: { status: 200, schema: Type.Object({ data: Type.Array(KeyAnswer) }) },
    handle: async ({ transact }) => ({
      status: 200,
      body: { data: (await transact(listServiceKeys)).map(show) },
    }),
  })
}

function createRoute({ clock }: Deps): Route {
  return route({
    method: 'POST',
    path: '/v1/service-keys',
    permission: 'service-keys:write',
    action: 'service-keys.create',
    summary: 'Makes a service key; this answer is the only one that holds its text',
    body: CreateBody,
    answer: { status: 201, schema: CreatedAnswer },
    handle: async ({ body, caller, transact }) => {
      provePerson(caller, clock)
      const { name, role } = body
      const expiresAt = readExpiry(body.expiresAt, clock)
      const created = await transact((tx) => createServiceKey(tx, { name: name.trim(), role, expiresAt }))
      return { status: 201, body: showCreated(created) }
    },
  })
}

function rotateRoute({ clock }: Deps): Route {
  return route({
    method: 'POST',
    path: '/v1/service-keys/:id/rotate',
    permission: 'service-keys:write',
    action: 'service-keys.rotate',
    summary: 'Makes the successor of a key; the old one works on for the overlap',
    params,
    body: RotateBody,
    answer: { status: 201, schema: CreatedAnswer },
    handle: async ({ params, body, caller, transact }) => {
      provePerson(caller, clock)
      const expiresAt = readExpiry(body.expiresAt, clock)
      const until = new Date(clock.wall() + body.overlapHours * 3_600_000)
      const created = await transact((tx) => rotateServiceKey(tx, keyId(params.id), until, expiresAt))
      return { status: 201, body: showCreated(created) }
    },
  })
}

function revokeRoute(): Route {
  return route({
    method: 'POST',
    path: '/v1/service-keys/:id/revoke',
    permission: 'service-keys:write',
    action: 'service-keys.revoke',
    summary: 'Ends a service key: the next call with it is refused',
    params,
    body: Type.Object(
      { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
      { additionalProperties: false },
    ),
    answer: { status: 200, schema: KeyAnswer },
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: show(await transact((tx) => revokeServiceKey(tx, keyId(params.id), body.reason))),
    }),
  })
}

/** A browser that was left open must not be enough to carry a key away. */
function provePerson({ session }: Caller, clock: Clock): void {
  if (session) requireStepUp(session, clock.wall())
}

function readExpiry(text: string | null | undefined, clock: Clock): Date | null {
  if (text === undefined || text === null) return null
  const at = parseTime(text)
  // Also what is no time at all.
  if (!(at.getTime() > clock.wall())) throw serviceKeyTimes.with()
  return at
}

function keyId(text: string): string {
  const id = parseId('svk', text)
  if (id === null) throw serviceKeyNotFound.with()
  return id
}

function show(key: ServiceKey): Static<typeof KeyAnswer> {
  const { id, name, role, lastFour, createdAt, expiresAt, revokedAt, lastUsedAt } = key
  const text = (at: Date | null) => at?.toISOString() ?? null
  return {
    id: publicId('svk', id),
    name,
    role,
    lastFour,
    createdAt: createdAt.toISOString(),
    expiresAt: text(expiresAt),
    revokedAt: text(revokedAt),
    lastUsedAt: text(lastUsedAt),
  }
}

function showCreated(created: CreatedServiceKey): Static<typeof CreatedAnswer> {
  return { ...show(created), key: created.key }
}
