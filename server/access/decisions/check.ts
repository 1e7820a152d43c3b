/**
 * The decision for another gateway that carries the calls itself: nginx asks by `auth_request`, Envoy by `ext_authz`.
 * The caller's credential stands in its own headers, so whoever asks names itself in `Portico-Service-Key`.
 */
import { problem, problemBody } from '#/kernel/problem/problem.ts'
import { route } from '#/kernel/http/http.ts'
import type { Call, Reply, Route } from '#/kernel/http/http.ts'
import { publicId } from '#/kernel/id/id.ts'
import type { AccessCheck, Checked, Refused } from '#/gateway/gateway.ts'

export const originalMissing = problem(
  'decisions.original_missing',
  400,
  'The original request is not told',
  {
    help: 'Send the method and the target of the request that is decided about as X-Original-Method and X-Original-URI.',
  },
)

export type CheckDeps = {
  readonly check: AccessCheck
  /** Under which the problem pages stand. */
  readonly base: () => string
}

const path = '/v1/decisions/check'

/** Beside it, for Envoy, which appends the path of the call and asks with its method. */
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

export function checkRoutes(deps: CheckDeps): Route[] {
  const shared = { permission: 'decisions:make', action: 'decisions.make', answer: { status: 200 } } as const
  return [
    route({
      ...shared,
      method: 'GET',
      path,
      summary: 'May the call that X-Original-Method and X-Original-URI tell of pass? For nginx',
      handle: async (call) => {
        const method = call.header('x-original-method')
        const target = call.header('x-original-uri')
        if (method === undefined || target === undefined) throw originalMissing.with()
        return answerTo(deps, call, method, target)
      },
    }),
    ...methods.map((method) =>
      route({
        ...shared,
        method,
        path: `${path}/*`,
        summary: 'May a call with this method and the rest of this path pass? For Envoy',
        handle: async (call) => answerTo(deps, call, method, call.target.slice(path.length)),
      }),
    ),
  ]
}

type Asking = Pick<Call, 'header' | 'requestId'>

function answerTo({ check, base }: CheckDeps, call: Asking, method: string, target: string): Reply {
  const headers = ['authorization', 'x-api-key'].flatMap((name) => {
    const value = call.header(name)
    return value === undefined ? [] : [name, value]
  })
  const checked = check({ method, target, headers, remote: addressOf(call) })
  if (checked.refused === null) return { status: 200, headers: granted(checked), body: '' }
  const instance = target.split('?', 1)[0]!
  return refused(checked.refused, { base: base(), instance, requestId: call.requestId })
}

/** Whoever asks stands nearest to the caller: its own word, or the last hop that it added. */
function addressOf(call: Asking): string {
  const hops = call.header('x-forwarded-for')?.split(',') ?? []
  return (call.header('x-real-ip') ?? hops.at(-1) ?? '').trim()
}

function granted({ route: served, credential, decision }: Extract<Checked, { refused: null }>) {
  const { id, partnerId, environment } = credential.application
  const { limits, quota, validUntil } = decision
  return {
    'portico-partner': publicId('ptn', partnerId),
    'portico-application': publicId('app', id),
    'portico-key': publicId('key', credential.id),
    'portico-environment': environment,
    'portico-operation': served.operation.id,
    'portico-capability': served.operation.capability ?? '',
    ...(limits && { 'portico-limits': `burst=${limits.burst}, per-second=${limits.perSecond}` }),
    ...(quota && { 'portico-quota': `amount=${quota.amount}, period=${quota.period}` }),
    ...(validUntil !== null && { 'portico-valid-until': new Date(validUntil).toISOString() }),
  }
}

/** nginx lets no body of such an answer through, so the problem stands in a header as well. */
function refused({ definition, occurrence }: Refused, place: Parameters<typeof problemBody>[2]): Reply {
  const body = JSON.stringify(problemBody(definition, occurrence, place))
  return {
    status: definition.status,
    headers: {
      'content-type': 'application/problem+json',
      'portico-problem': inAscii(body),
      ...occurrence.headers,
    },
    body: Buffer.from(body),
  }
}

/** A header holds nothing else; JSON can write everything in it. */
function inAscii(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
