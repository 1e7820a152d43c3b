/** Decisions for services that call Portico beside their API: one, or up to a hundred at once. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { applicationUnknown, operationUnknown } from '#/access/decisions/decisions.ts'
import type { Deciding } from '#/access/decisions/decisions.ts'
import { DecisionAnswer, showDecision } from '#/access/decisions/shown.ts'
import { decide, noDecision } from '#/access/entitlements/entitlements.ts'
import type { AccessDecision } from '#/access/entitlements/entitlements.ts'
import { credentialRefusal } from '#/gateway/gateway.ts'
import type { Application, Credential, Route as ServedRoute } from '#/gateway/gateway.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

const environments = Type.Union([Type.Literal('live'), Type.Literal('sandbox')])

const Question = Type.Object(
  {
    application: Type.Optional(Type.String({ maxLength: 64, description: '`app_…`' })),
    fingerprint: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'Of an API key, in place of the application: SHA-256 of its text, in hexadecimal.',
      }),
    ),
    operation: Type.Optional(Type.String({ maxLength: 200, description: 'Its id in the contract.' })),
    method: Type.Optional(Type.String({ pattern: '^[A-Z]{1,20}$' })),
    path: Type.Optional(
      Type.String({
        pattern: '^/',
        maxLength: 4000,
        description: 'With `method`, in place of the operation.',
      }),
    ),
    environment: Type.Optional(environments),
    address: Type.Optional(
      Type.String({
        maxLength: 64,
        description: 'Where the call came from, for keys that are bound to networks.',
      }),
    ),
  },
  { additionalProperties: false },
)

const Batch = Type.Object(
  { questions: Type.Array(Question, { minItems: 1, maxItems: 100 }) },
  { additionalProperties: false },
)

const Answer = Type.Object({
  application: Type.Union([Type.String(), Type.Null()]),
  partner: Type.Union([Type.String(), Type.Null()]),
  environment: Type.Union([environments, Type.Null()]),
  operation: Type.Union([Type.String(), Type.Null()]),
  capability: Type.Union([Type.String(), Type.Null()]),
  ...DecisionAnswer.properties,
})

type Asked = Static<typeof Question>

export type DecisionDeps = {
  readonly deciding: Deciding
  readonly clock: { wall(): number }
}

export function decisionRoute(deps: DecisionDeps): Route {
  return route({
    method: 'POST',
    path: '/v1/decisions',
    permission: 'decisions:make',
    action: 'decisions.make',
    summary: 'May an application call an operation? One question, or up to 100 as `questions`',
    body: Type.Union([Batch, Question]),
    answer: { status: 200, schema: Type.Union([Type.Object({ decisions: Type.Array(Answer) }), Answer]) },
    handle: async ({ body }) => ({
      status: 200,
      body:
        'questions' in body
          ? { decisions: body.questions.map((question) => answerTo(deps, question)) }
          : answerTo(deps, body),
    }),
  })
}

function answerTo({ deciding, clock }: DecisionDeps, question: Asked): Static<typeof Answer> {
  const caller = callerOf(deciding, question)
  const application = caller && 'application' in caller ? caller.application : caller
  const served = operationOf(deciding, question)
  const credential = caller && 'application' in caller ? caller : null
  const decision = judge()
  return {
    application: application ? publicId('app', application.id) : null,
    partner: application ? publicId('ptn', application.partnerId) : null,
    environment: application?.environment ?? null,
    operation: served?.operation.id ?? null,
    capability: served?.operation.capability ?? null,
    ...showDecision(decision),
  }

  function judge(): AccessDecision {
    const isElsewhere = question.environment && application?.environment !== question.environment
    if (!application || isElsewhere) return refuse(applicationUnknown)
    const refusal = credential && credentialRefusal(credential, clock.wall(), question.address ?? '')
    if (refusal) return refuse(refusal)
    if (!served) return refuse(operationUnknown)
    const facts = deciding.facts(application, served.operation.capability)
    if (facts === null) return refuse(noDecision.allow ? applicationUnknown : noDecision.problem)
    const held = credential?.scopes ?? null
    return decide({ ...facts, scopes: { needed: served.operation.scopes, held } })
  }
}

function callerOf(deciding: Deciding, { application, fingerprint }: Asked): Application | Credential | null {
  if (fingerprint !== undefined)
    return deciding.snapshot().credential(Buffer.from(fingerprint, 'hex').toString('base64')) ?? null
  const id = parseId('app', application ?? '')
  return (id !== null && deciding.application(id)) || null
}

/** Null: none, or more than one. */
export function operationOf(
  deciding: Deciding,
  { operation, method, path }: Pick<Asked, 'operation' | 'method' | 'path'>,
): ServedRoute | null {
  if (operation !== undefined) {
    const found = deciding.operations(operation)
    return found.length === 1 ? found[0]! : null
  }
  if (method === undefined || path === undefined) return null
  const match = deciding.snapshot().match(method, path.split('?', 1)[0]!)
  return match.kind === 'found' ? match.route : null
}

function refuse(reason: ProblemDefinition): AccessDecision {
  const nothing = { limits: null, quota: null, price: null, rule: null, trail: [], validUntil: null }
  return { allow: false, reason, detail: reason.title, next: [], ...nothing }
}
