/** Partners look after their own applications, in the environment they call in. Archiving is with the keys it ends. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import {
  applicationNotFound,
  createApplication,
  findApplication,
  listApplications,
  renameApplication,
} from '#/identity/applications/applications.ts'
import type { Application } from '#/identity/applications/applications.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { lineOfText, pageOf, pageQuery, pageQueryOf, partnerOperation } from '#/kernel/http/http.ts'
import type { OperationCall, PartnerOperation, Signer } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const Time = Type.String({ format: 'date-time' })
const Shown = Type.Object({
  id: Type.String(),
  name: Type.String(),
  environment: Type.Union([Type.Literal('live'), Type.Literal('sandbox')]),
  state: Type.Union([Type.Literal('active'), Type.Literal('suspended')], {
    description: 'Suspended: the provider refuses every call of it until it is resumed.',
  }),
  createdAt: Time,
  archivedAt: Type.Union([Time, Type.Null()], { description: 'Since then nothing calls as it any more.' }),
})
const List = Type.Object({
  data: Type.Array(Shown),
  nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
})
const Id = Type.Object({ id: Type.String({ maxLength: 100 }) })
const Naming = Type.Object(
  { name: lineOfText(100, 'Yours alone in this environment.') },
  { additionalProperties: false },
)

const reads = {
  capability: 'partner-api',
  scopes: ['applications:read'],
  permission: 'applications:read',
} as const
const writes = {
  capability: 'partner-api',
  scopes: ['applications:write'],
  permission: 'applications:write',
} as const

export function applicationOperations(deps: { readonly sealer: Signer }): PartnerOperation[] {
  return [listing(deps.sealer), showing(), creating(), renaming()]
}

function listing(sealer: Signer): PartnerOperation {
  return partnerOperation({
    id: 'listApplications',
    method: 'GET',
    path: '/partner/applications',
    summary: 'Your applications in this environment',
    ...reads,
    query: Type.Object(pageQuery),
    status: 200,
    response: List,
    async handle(tx, { partnerId, environment, query }) {
      const bound = ['listApplications', environment, partnerId]
      const page = await pageOf(sealer, bound, pageQueryOf(query), (next) =>
        listApplications(tx, partnerId, { environment, ...next }),
      )
      return { status: 200, body: { ...page, data: page.data.map(present) } }
    },
  })
}

function showing(): PartnerOperation {
  return partnerOperation({
    id: 'getApplication',
    method: 'GET',
    path: '/partner/applications/{id}',
    summary: 'One of your applications',
    ...reads,
    params: Id,
    status: 200,
    response: Shown,
    handle: async (tx, call) => ({ status: 200, body: present(await applicationOf(tx, call)) }),
  })
}

function creating(): PartnerOperation {
  return partnerOperation({
    id: 'createApplication',
    method: 'POST',
    path: '/partner/applications',
    summary: 'Make an application in this environment',
    description: 'It calls nothing before it has a key.',
    ...writes,
    action: 'applications.create',
    body: Naming,
    status: 201,
    response: Shown,
    async handle(tx, { partnerId, environment, body }) {
      const { name } = body as Static<typeof Naming>
      return { status: 201, body: present(await createApplication(tx, partnerId, { environment, name })) }
    },
  })
}

function renaming(): PartnerOperation {
  return partnerOperation({
    id: 'renameApplication',
    method: 'PATCH',
    path: '/partner/applications/{id}',
    summary: 'Rename an application',
    ...writes,
    action: 'applications.rename',
    params: Id,
    body: Naming,
    status: 200,
    response: Shown,
    async handle(tx, call) {
      const { id } = await applicationOf(tx, call)
      const { name } = call.body as Static<typeof Naming>
      return { status: 200, body: present(await renameApplication(tx, call.partnerId, id, name)) }
    },
  })
}

/** One of the other environment is answered like one that does not exist. */
async function applicationOf(tx: Tx, call: OperationCall): Promise<Application> {
  const id = parseId('app', call.path['id'] ?? '')
  const found = id === null ? null : await findApplication(tx, call.partnerId, id)
  if (found?.environment !== call.environment) throw applicationNotFound.with()
  return found
}

function present({ id, name, environment, state, createdAt, archivedAt }: Application): Static<typeof Shown> {
  const times = { createdAt: createdAt.toISOString(), archivedAt: archivedAt?.toISOString() ?? null }
  return { id: publicId('app', id), name, environment, state, ...times }
}
