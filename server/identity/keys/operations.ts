/** Partners look after their own keys: those of the environment they call in, and never the text of one but once. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { applicationNotFound, findApplication } from '#/identity/applications/applications.ts'
import type { Application } from '#/identity/applications/applications.ts'
import { checkBounds } from '#/identity/keys/bounds.ts'
import type { Bounds } from '#/identity/keys/bounds.ts'
import {
  archiveApplication,
  createKey,
  expiryPast,
  findKey,
  keyNotFound,
  listKeysOf,
  revokeKey,
  rotateKey,
  setBounds,
} from '#/identity/keys/keys.ts'
import type { Key } from '#/identity/keys/keys.ts'
import { boundsOf, refuseBeyondReach } from '#/identity/keys/reach.ts'
import {
  expiresAt,
  KeyList,
  networks,
  NewKey,
  present,
  presentNew,
  scopes,
  ShownKey,
  Time,
  TimeOrNull,
} from '#/identity/keys/shown.ts'
import { requireStepUp } from '#/identity/sessions/sessions.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { lineOfText, pageOf, pageQuery, pageQueryOf, partnerOperation } from '#/kernel/http/http.ts'
import type { OperationCall, PartnerOperation, Signer } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const Id = Type.Object({ id: Type.String({ maxLength: 100 }) })
const closed = { additionalProperties: false }

export type KeyDeps = { readonly clock: Pick<Clock, 'wall'>; readonly sealer: Signer }

const reads = { capability: 'partner-api', scopes: ['keys:read'], permission: 'keys:read' } as const
const writes = { capability: 'partner-api', scopes: ['keys:write'], permission: 'keys:write' } as const

export function keyOperations(deps: KeyDeps): PartnerOperation[] {
  return [listing(deps), creating(deps), binding(), rotating(deps), revoking(), archiving()]
}

function listing({ sealer }: KeyDeps): PartnerOperation {
  return partnerOperation({
    id: 'listKeys',
    method: 'GET',
    path: '/partner/keys',
    summary: 'Your keys in this environment',
    ...reads,
    query: Type.Object({
      application: Type.Optional(Type.String({ maxLength: 100, description: 'Only keys of this one.' })),
      ...pageQuery,
    }),
    status: 200,
    response: KeyList,
    async handle(tx, call) {
      const { partnerId, environment, query } = call
      const named = query.get('application')
      const applicationId = named === null ? undefined : (await applicationOf(tx, call, named)).id
      const bound = ['listKeys', environment, partnerId, applicationId]
      const page = await pageOf(sealer, bound, pageQueryOf(query), (next) =>
        listKeysOf(tx, partnerId, { environment, ...(applicationId && { applicationId }), ...next }),
      )
      return { status: 200, body: { ...page, data: page.data.map(present) } }
    },
  })
}

const creation = Type.Object(
  {
    application: Type.String({ maxLength: 100 }),
    label: lineOfText(100, 'Your name for it.'),
    expiresAt: Type.Optional(expiresAt),
    scopes: Type.Optional(scopes),
    networks: Type.Optional(networks),
  },
  closed,
)

function creating({ clock }: KeyDeps): PartnerOperation {
  return partnerOperation({
    id: 'createKey',
    method: 'POST',
    path: '/partner/keys',
    summary: 'Make a key of an application',
    description:
      'Its text is in this answer and nowhere else. A bound that is left out is that of the calling key. An application has at most two active keys.',
    ...writes,
    action: 'keys.create',
    body: creation,
    status: 201,
    response: NewKey,
    async handle(tx, call) {
      if (call.member) requireStepUp(call.member, clock.wall())
      const wanted = call.body as Static<typeof creation>
      const application = await applicationOf(tx, call, wanted.application)
      const bounds = await boundsWithin(tx, call, await boundsOf(tx, call), wanted)
      const options = { label: wanted.label, expiresAt: readTime(wanted.expiresAt), bounds }
      const created = await createKey(tx, call.partnerId, application.id, options)
      return { status: 201, body: presentNew(created) }
    },
  })
}

const restriction = Type.Object(
  { scopes: Type.Optional(scopes), networks: Type.Optional(networks) },
  { ...closed, minProperties: 1 },
)

function binding(): PartnerOperation {
  return partnerOperation({
    id: 'bindKey',
    method: 'PATCH',
    path: '/partner/keys/{id}',
    summary: 'Bind a key to scopes and networks',
    description: 'It holds within a second. What is left out stays as it is.',
    ...writes,
    action: 'keys.set_bounds',
    params: Id,
    body: restriction,
    status: 200,
    response: ShownKey,
    async handle(tx, call) {
      const key = await keyOf(tx, call)
      const bounds = await boundsWithin(tx, call, key, call.body as Static<typeof restriction>)
      return { status: 200, body: present(await setBounds(tx, call.partnerId, key.id, bounds)) }
    },
  })
}

const rotation = Type.Object(
  {
    overlapHours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 720,
        description: 'How long the old key works on, if it does not expire before; a day by default.',
      }),
    ),
    expiresAt: Type.Optional(expiresAt),
  },
  closed,
)

const hour = 3_600_000

function rotating({ clock }: KeyDeps): PartnerOperation {
  return partnerOperation({
    id: 'rotateKey',
    method: 'POST',
    path: '/partner/keys/{id}/rotate',
    summary: 'Make the successor of a key',
    description:
      'With the same label and bounds. The old key works on for a while, so that you can roll out the new one.',
    ...writes,
    action: 'keys.rotate',
    params: Id,
    body: rotation,
    status: 201,
    response: NewKey,
    async handle(tx, call) {
      if (call.member) requireStepUp(call.member, clock.wall())
      const old = await keyOf(tx, call)
      await refuseBeyondReach(tx, call, old)
      const wanted = (call.body ?? {}) as Static<typeof rotation>
      const overlapUntil = new Date(clock.wall() + (wanted.overlapHours ?? 24) * hour)
      const options = { overlapUntil, expiresAt: readTime(wanted.expiresAt) }
      const created = await rotateKey(tx, call.partnerId, old.id, options)
      return { status: 201, body: presentNew(created) }
    },
  })
}

const revocation = Type.Object({ reason: lineOfText(200, 'Why; it stands in the audit.') }, closed)

function revoking(): PartnerOperation {
  return partnerOperation({
    id: 'revokeKey',
    method: 'POST',
    path: '/partner/keys/{id}/revoke',
    summary: 'End a key',
    description: 'It is refused within a second, for ever. Doing it again changes nothing.',
    ...writes,
    action: 'keys.revoke',
    params: Id,
    body: revocation,
    status: 200,
    response: ShownKey,
    async handle(tx, call) {
      const { id } = await keyOf(tx, call)
      const { reason } = call.body as Static<typeof revocation>
      return { status: 200, body: present(await revokeKey(tx, call.partnerId, id, reason)) }
    },
  })
}

const ArchivedApplication = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Time,
  archivedAt: TimeOrNull,
})

/** Here, because it ends keys, which applications know nothing of. */
function archiving(): PartnerOperation {
  return partnerOperation({
    id: 'archiveApplication',
    method: 'POST',
    path: '/partner/applications/{id}/archive',
    summary: 'Use an application no longer',
    description: 'All of its keys are revoked, the calling one too if it is one of them. It keeps its name.',
    capability: 'partner-api',
    scopes: ['applications:write'],
    permission: 'applications:write',
    action: 'applications.archive',
    params: Id,
    status: 200,
    response: ArchivedApplication,
    async handle(tx, call) {
      const found = await applicationOf(tx, call, call.path['id'] ?? '')
      const { id, name, createdAt, archivedAt } = await archiveApplication(tx, call.partnerId, found.id)
      const times = { createdAt: createdAt.toISOString(), archivedAt: archivedAt?.toISOString() ?? null }
      return { status: 200, body: { id: publicId('app', id), name, ...times } }
    },
  })
}

/** One of the other environment is answered like one that does not exist: a key of the sandbox reaches nothing live. */
async function applicationOf(tx: Tx, call: OperationCall, text: string): Promise<Application> {
  const id = parseId('app', text)
  const found = id === null ? null : await findApplication(tx, call.partnerId, id)
  if (found?.environment !== call.environment) throw applicationNotFound.with()
  return found
}

async function keyOf(tx: Tx, call: OperationCall): Promise<Key> {
  const id = parseId('key', call.path['id'] ?? '')
  if (id === null) throw keyNotFound.with()
  const found = await findKey(tx, call.partnerId, id)
  const { environment } = await findApplication(tx, call.partnerId, found.applicationId)
  if (environment !== call.environment) throw keyNotFound.with()
  return found
}

type Wanted = { readonly scopes?: Bounds['scopes']; readonly networks?: Bounds['networks'] }

async function boundsWithin(tx: Tx, call: OperationCall, now: Bounds, wanted: Wanted): Promise<Bounds> {
  const { scopes: scopesNow, networks: networksNow } = now
  const bounds = checkBounds({
    scopes: wanted.scopes === undefined ? scopesNow : wanted.scopes,
    networks: wanted.networks === undefined ? networksNow : wanted.networks,
  })
  await refuseBeyondReach(tx, call, bounds)
  return bounds
}

/** RFC 3339 has seconds that JavaScript has not; what it cannot read is no time to come. */
function readTime(text: string | null | undefined): Date | null {
  if (text === null || text === undefined) return null
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw expiryPast.with()
  return time
}
