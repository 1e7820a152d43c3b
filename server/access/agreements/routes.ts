/** Agreements in the management API: drafted, sent, signed, amended and ended. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import * as agreements from '#/access/agreements/agreements.ts'
import type { Draft, VersionName } from '#/access/agreements/agreements.ts'
import { AgreementAnswer, createShow, showOne } from '#/access/agreements/shown.ts'
import { AgreementTermsForm } from '#/access/agreements/terms.ts'
import { PendingAnswer, proposalAction, propose, showPending } from '#/governance/proposals/proposals.ts'
import type { ProposalActions } from '#/governance/proposals/proposals.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import { parseTime } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { lineOfText, pageOf, pageQuery, pageSchema, route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId } from '#/kernel/id/id.ts'

const strict = { additionalProperties: false } as const
const Moment = Type.String({ maxLength: 40, description: 'ISO 8601, such as `2027-11-01T00:00:00Z`.' })

const Writing = {
  startsAt: Moment,
  endsAt: Type.Union([Moment, Type.Null()], { description: 'Null: until it is ended.' }),
  terms: AgreementTermsForm,
}
const DraftBody = Type.Object(Writing, strict)

const partnerParams = Type.Object({ id: Type.String({ description: '`ptn_…`' }) })
const params = Type.Object({
  ...partnerParams.properties,
  agreement: Type.String({ description: '`agr_…`' }),
})
const versionParams = Type.Object({
  ...params.properties,
  number: Type.String({ pattern: '^[1-9][0-9]{0,5}$', description: 'Of the version, from 1 on.' }),
})

const path = '/v1/partners/:id/agreements'
const versionPath = `${path}/:agreement/versions/:number`
const answer = { status: 200, schema: AgreementAnswer }
const reads = { method: 'GET', permission: 'agreements:read' } as const
const writes = { method: 'POST', permission: 'agreements:write' } as const

/** So long a second person has to sign as well. */
const proposalDays = 7
const day = 86_400_000

/** What needs a second person: terms beyond what one may grant alone. */
export const agreementActions: ProposalActions = {
  'agreements.sign': proposalAction({
    permission: 'agreements:write',
    params: Type.Object({ partnerId: Type.String(), signatureId: Type.String() }),
    async run(tx, { partnerId, signatureId }) {
      await agreements.signVersion(tx, partnerId, signatureId)
    },
  }),
}

type Deps = { readonly sealer: Sealer; readonly actions: ProposalActions }

export function agreementRoutes(deps: Deps): Route[] {
  return [
    listRoute(deps),
    findRoute(deps),
    draftRoute(deps),
    amendRoute(deps),
    changeRoute(deps),
    moveRoute(deps, 'send'),
    moveRoute(deps, 'withdraw'),
    signRoute(deps),
    endRoute(deps),
  ]
}

function listRoute({ sealer }: Deps): Route {
  return route({
    ...reads,
    path,
    summary: "A partner's agreements with their versions, in the order they were drafted",
    params: partnerParams,
    query: Type.Object(pageQuery),
    answer: { status: 200, schema: pageSchema(AgreementAnswer) },
    handle: async ({ params, query, transact }) => {
      const id = partnerId(params.id)
      const body = await transact(async (tx) => {
        await refuseUnknown(tx, id)
        const page = await pageOf(sealer, ['agreements', id], query, (from) =>
          agreements.listAgreements(tx, id, { sent: false }, from),
        )
        return { ...page, data: page.data.map(await createShow(tx, sealer, id, 'operator')) }
      })
      return { status: 200, body }
    },
  })
}

function findRoute({ sealer }: Deps): Route {
  return route({
    ...reads,
    path: `${path}/:agreement`,
    summary: 'An agreement with its versions',
    params,
    answer,
    handle: async ({ params, transact }) => {
      const [id, agreement] = [partnerId(params.id), agreementId(params.agreement)]
      const body = await transact(async (tx) => {
        await refuseUnknown(tx, id)
        return showOne(tx, sealer, id, agreement)
      })
      return { status: 200, body }
    },
  })
}

function draftRoute({ sealer }: Deps): Route {
  return route({
    ...writes,
    path,
    action: 'agreements.draft',
    summary: 'Drafts an agreement; the partner does not see it yet',
    params: partnerParams,
    body: Type.Object(
      { reference: lineOfText(100, "On the paper; a partner's agreements differ in it."), ...Writing },
      strict,
    ),
    answer: { status: 201, schema: AgreementAnswer },
    handle: async ({ params, body, transact }) => {
      const id = partnerId(params.id)
      const draft = { reference: body.reference, ...draftOf(body) }
      const shown = await transact(async (tx) => {
        const made = await agreements.draftAgreement(tx, id, draft)
        return showOne(tx, sealer, id, made.agreementId)
      })
      return { status: 201, body: shown }
    },
  })
}

function amendRoute({ sealer }: Deps): Route {
  return route({
    ...writes,
    path: `${path}/:agreement/versions`,
    action: 'agreements.amend',
    summary: 'Drafts a further version, which replaces the one in force from its own start',
    params,
    body: DraftBody,
    answer: { status: 201, schema: AgreementAnswer },
    handle: async ({ params, body, transact }) => {
      const [id, agreement] = [partnerId(params.id), agreementId(params.agreement)]
      const shown = await transact(async (tx) => {
        await agreements.amendAgreement(tx, id, agreement, draftOf(body))
        return showOne(tx, sealer, id, agreement)
      })
      return { status: 201, body: shown }
    },
  })
}

function changeRoute({ sealer }: Deps): Route {
  return route({
    ...writes,
    method: 'PUT',
    path: versionPath,
    action: 'agreements.change',
    summary: 'Writes a draft anew; what was sent is never changed',
    params: versionParams,
    body: DraftBody,
    answer,
    handle: async ({ params, body, transact }) => {
      const [id, name] = [partnerId(params.id), nameOf(params)]
      const shown = await transact(async (tx) => {
        await agreements.changeDraft(tx, id, name, draftOf(body))
        return showOne(tx, sealer, id, name.agreementId)
      })
      return { status: 200, body: shown }
    },
  })
}

function moveRoute({ sealer }: Deps, verb: 'send' | 'withdraw'): Route {
  const verbs = { send: agreements.sendAgreement, withdraw: agreements.withdrawVersion }
  return route({
    ...writes,
    path: `${versionPath}/${verb}`,
    action: `agreements.${verb}`,
    summary:
      verb === 'send'
        ? 'From now on the partner sees the version, and nobody changes it'
        : 'Takes back a version that was drafted or sent, and will not be signed',
    params: versionParams,
    answer,
    handle: async ({ params, transact }) => {
      const [id, name] = [partnerId(params.id), nameOf(params)]
      const shown = await transact(async (tx) => {
        await verbs[verb](tx, id, name)
        return showOne(tx, sealer, id, name.agreementId)
      })
      return { status: 200, body: shown }
    },
  })
}

function signRoute({ sealer, actions }: Deps): Route {
  return route({
    ...writes,
    path: `${versionPath}/sign`,
    action: 'agreements.sign',
    summary: 'Records who signed, which puts the version in force; terms beyond a bound need a second person',
    params: versionParams,
    body: Type.Object({ signedBy: lineOfText(200, 'As the paper names them.'), signedAt: Moment }, strict),
    answer,
    accepted: PendingAnswer,
    handle: async ({ params, body, transact }) => {
      const [id, name] = [partnerId(params.id), nameOf(params)]
      const signature = { by: body.signedBy, at: parseTime(body.signedAt) }
      return transact(async (tx) => {
        const recorded = await agreements.recordSignature(tx, sealer, id, name, signature)
        const { signatureId, needsTwo } = recorded
        if (needsTwo) return { status: 202, body: await ask(tx, actions, id, signatureId) }
        await agreements.signVersion(tx, id, signatureId)
        return { status: 200, body: await showOne(tx, sealer, id, name.agreementId) }
      })
    },
  })
}

async function ask(tx: Tx, actions: ProposalActions, partnerId: string, signatureId: string) {
  const proposal = await propose(tx, actions, {
    action: 'agreements.sign',
    params: { partnerId, signatureId },
    partnerId,
    expiresAt: new Date(tx.now.getTime() + proposalDays * day),
  })
  return showPending(proposal)
}

function endRoute({ sealer }: Deps): Route {
  return route({
    ...writes,
    path: `${path}/:agreement/end`,
    action: 'agreements.end',
    summary: 'Ends an agreement as a whole, now or later; what is drafted or sent of it is withdrawn',
    params,
    body: Type.Object(
      {
        at: Type.Optional(Moment),
        reason: lineOfText(500, 'Why, for the audit.'),
      },
      strict,
    ),
    answer,
    handle: async ({ params, body, transact }) => {
      const [id, agreement] = [partnerId(params.id), agreementId(params.agreement)]
      const end = { at: body.at === undefined ? null : parseTime(body.at), reason: body.reason }
      const shown = await transact(async (tx) => {
        await agreements.endAgreement(tx, id, agreement, end)
        return showOne(tx, sealer, id, agreement)
      })
      return { status: 200, body: shown }
    },
  })
}

function draftOf({ startsAt, endsAt, terms }: Static<typeof DraftBody>): Draft {
  return { startsAt: parseTime(startsAt), endsAt: endsAt === null ? null : parseTime(endsAt), terms }
}

function nameOf(params: { readonly agreement: string; readonly number: string }): VersionName {
  return { agreementId: agreementId(params.agreement), number: Number(params.number) }
}

/** Throws `partnerNotFound`. */
async function refuseUnknown(tx: Tx, id: string): Promise<void> {
  if (!(await findPartner(tx, id))) throw partnerNotFound.with()
}

function partnerId(text: string): string {
  const id = parseId('ptn', text)
  if (id === null) throw partnerNotFound.with()
  return id
}

function agreementId(text: string): string {
  const id = parseId('agr', text)
  if (id === null) throw agreements.agreementNotFound.with()
  return id
}
