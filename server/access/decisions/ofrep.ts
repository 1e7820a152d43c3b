/**
 * Capabilities as flags, by the OpenFeature Remote Evaluation Protocol, for the provider's own services: a flag is a
 * capability, and its value whether the partner may use it. A static entitlement has a value of its own; where it is
 * not granted the flag is `false`, which a client that asked for another type answers with its default.
 */
import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import type { Deciding } from '#/access/decisions/decisions.ts'
import { decide } from '#/access/entitlements/entitlements.ts'
import type { AccessDecision, Facts } from '#/access/entitlements/entitlements.ts'
import type { Application, Environment } from '#/gateway/gateway.ts'
import { route } from '#/kernel/http/http.ts'
import type { Reply, Route } from '#/kernel/http/http.ts'
import { parseId } from '#/kernel/id/id.ts'

type Failure = { readonly status: number; readonly errorCode: string; readonly errorDetails: string }

const context = Type.Object({
  context: Type.Optional(
    Type.Unknown({
      description:
        '`targetingKey`: the id of a partner (`ptn_…`) or of an application (`app_…`); `environment`: `live` (the default) or `sandbox`, for a partner.',
    }),
  ),
})

const failure = { errorCode: Type.String(), errorDetails: Type.Optional(Type.String()) }

const Flag = Type.Object({
  key: Type.String(),
  value: Type.Union([Type.Boolean(), Type.Number(), Type.String()]),
  reason: Type.String({ description: '`TARGETING_MATCH`, `SPLIT` (a percentage), `DISABLED`.' }),
  variant: Type.String({ description: '`granted` or `refused`.' }),
  metadata: Type.Object({}, { additionalProperties: true }),
})

export function ofrepRoutes(deciding: Deciding): Route[] {
  const shared = { method: 'POST', permission: 'decisions:make', action: 'decisions.make' } as const
  return [
    route({
      ...shared,
      path: '/ofrep/v1/evaluate/flags/:key',
      summary: 'Evaluates one capability as a flag (OpenFeature Remote Evaluation Protocol)',
      params: Type.Object({ key: Type.String() }),
      body: context,
      answer: { status: 200, schema: Flag },
      unread: ({ key }, detail) => failed(fail(400, 'PARSE_ERROR', detail), { key }),
      handle: async ({ params: { key }, body }) => {
        const found = applicationOf(deciding, body.context)
        if ('errorCode' in found) return failed(found, { key })
        const flag = flagOf(deciding, found, key)
        if (flag === null)
          return failed(fail(404, 'FLAG_NOT_FOUND', `There is no capability ${key}.`), { key })
        return { status: 200, body: flag }
      },
    }),
    route({
      ...shared,
      path: '/ofrep/v1/evaluate/flags',
      summary:
        'Evaluates every capability that partners may know of (OpenFeature Remote Evaluation Protocol)',
      body: context,
      answer: {
        status: 200,
        schema: Type.Object({
          flags: Type.Array(Type.Union([Flag, Type.Object({ key: Type.String(), ...failure })])),
        }),
      },
      unread: (_, detail) => failed(fail(400, 'PARSE_ERROR', detail), {}),
      handle: async ({ body, header }) => {
        const found = applicationOf(deciding, body.context)
        if ('errorCode' in found) return failed(found, {})
        return bulk(deciding, found, header('if-none-match'))
      },
    }),
  ]
}

function fail(status: number, errorCode: string, errorDetails: string): Failure {
  return { status, errorCode, errorDetails }
}

function failed({ status, errorCode, errorDetails }: Failure, more: object): Reply {
  return { status, body: { ...more, errorCode, errorDetails } }
}

function bulk(deciding: Deciding, application: Application, known: string | undefined): Reply {
  const flags = [...deciding.capabilities()].flatMap((key) => flagOf(deciding, application, key, true) ?? [])
  const body = JSON.stringify({ flags })
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
  if (matches(known, etag)) return { status: 304, headers: { etag }, body: '' }
  return { status: 200, headers: { 'content-type': 'application/json', etag }, body }
}

/** RFC 9110 §13.1.2: weak comparison, a list, or a star. */
function matches(known: string | undefined, etag: string): boolean {
  const tags = known?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}

/** Who is asked about. */
function applicationOf(deciding: Deciding, sent: unknown): Application | Failure {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent))
    return fail(400, 'INVALID_CONTEXT', 'The context is not an object.')
  const { targetingKey, environment = 'live' } = sent as Record<string, unknown>
  if (typeof targetingKey !== 'string' || targetingKey === '')
    return fail(400, 'TARGETING_KEY_MISSING', 'The context has no targetingKey.')
  const applicationId = parseId('app', targetingKey)
  const application = applicationId === null ? undefined : deciding.application(applicationId)
  if (application) return application
  if (environment !== 'live' && environment !== 'sandbox')
    return fail(400, 'INVALID_CONTEXT', 'The environment is neither live nor sandbox.')
  const partnerId = parseId('ptn', targetingKey)
  const asPartner = partnerId === null ? null : ofPartner(partnerId, environment)
  if (asPartner === null || deciding.facts(asPartner, null) === null)
    return fail(400, 'INVALID_CONTEXT', 'The targetingKey is neither a partner nor an application.')
  return asPartner
}

/** No application in particular: as one that was never suspended. */
function ofPartner(partnerId: string, environment: Environment): Application {
  return { id: partnerId, partnerId, environment }
}

/** Null: there is no such capability, or, with `onlySeen`, none that partners may know of. */
function flagOf(deciding: Deciding, application: Application, key: string, onlySeen = false) {
  const facts = deciding.facts(application, key)
  if (facts === null || facts.capability === null) return null
  const decision = decide(facts)
  if (onlySeen && decision.reason?.status === 404) return null
  const entitlement = facts.package.value?.terms.entitlements[key]
  return {
    key,
    value: decision.allow && entitlement?.kind === 'static' ? (entitlement.value ?? true) : decision.allow,
    reason: reasonOf(facts, decision),
    variant: decision.allow ? 'granted' : 'refused',
    metadata: metadataOf(decision),
  }
}

function reasonOf({ rollout }: Facts, { reason, rule }: AccessDecision): string {
  const isOff = rule === 'rollout' && (rollout.value === null || rollout.value.kind === 'off')
  if (isOff || reason?.status === 404) return 'DISABLED'
  const isSplit = rollout.value?.kind === 'percentage' && (rule === null || rule === 'rollout')
  return isSplit ? 'SPLIT' : 'TARGETING_MATCH'
}

/** The protocol has texts, numbers and booleans here. */
function metadataOf({ reason, rule, limits, quota, price, validUntil }: AccessDecision) {
  return {
    ...(reason && { refusal: reason.code }),
    ...(rule && { rule }),
    ...(limits && { burst: limits.burst, perSecond: limits.perSecond }),
    ...(quota && { quota: quota.amount, quotaPeriod: quota.period }),
    ...(price && { price: price.amount, currency: price.currency }),
    ...(validUntil !== null && { validUntil: new Date(validUntil).toISOString() }),
  }
}
