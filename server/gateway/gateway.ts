/**
 * One request, top to bottom. `steps` is the product: whoever wants to know what happens to a call reads the
 * list. A step lets the exchange go on, refuses it, or takes it over and lets it go on later; a refusal skips
 * to the closing steps, which every exchange passes. What leaves has been recorded.
 */
import { createRunner } from '#/gateway/runner.ts'
import type { Gateway, GatewayDeps } from '#/gateway/runner.ts'
import type { Step } from '#/gateway/step.ts'
import { authenticate } from '#/gateway/steps/authenticate.ts'
import { entitle } from '#/gateway/steps/entitle.ts'
import { forward } from '#/gateway/steps/forward.ts'
import { record } from '#/gateway/steps/record.ts'
import { route } from '#/gateway/steps/route.ts'
import { sanitise } from '#/gateway/steps/sanitise.ts'
import { validate } from '#/gateway/steps/validate.ts'

export { createAccessCheck } from '#/gateway/check.ts'
export type { AccessCheck, Checked, CheckedRequest } from '#/gateway/check.ts'
export type * from '#/gateway/recorder.ts'
export type * from '#/gateway/snapshot.ts'
export { decisionRules } from '#/gateway/snapshot.ts'
export { credentialRefusal } from '#/gateway/steps/authenticate.ts'
export { scopeMissing } from '#/gateway/problems.ts'
export type { Answer, AnswerStream, Refused, Request, RequestBody, Sink } from '#/gateway/exchange.ts'
export type { Gateway, GatewayDeps } from '#/gateway/runner.ts'
export type { Limits, MemberOf, ParsedKey, SignedInRequest, Timeouts } from '#/gateway/step.ts'
export { createFastLane } from '#/gateway/lane/fast-lane.ts'
export type { FastLane } from '#/gateway/lane/fast-lane.ts'
export { createNodeLane, expectContinue } from '#/gateway/lane/node-lane.ts'
export { afterReads } from '#/gateway/turn.ts'
export type { Client } from '#/gateway/wire/client.ts'
export { createWirePool } from '#/gateway/wire/pool.ts'
export type { NodeLane } from '#/gateway/lane/node-lane.ts'

const steps: readonly Step[] = [
  route, //        method + path              → operation of a contract             (400, 404, 405)
  authenticate, // key                        → application and partner             (400, 401)
  entitle, //      partner, operation         → decision                            (403, 404)
  // limit         burst + steady, quota      → a token, or when to retry           (429)
  validate, //     path, query, headers, body → holds to the contract, or where not (400, 413, 415, 422)
  // idempotency   Idempotency-Key            → first time, replay, other content   (409, 422)
  // charge        price                      → a hold on the wallet                (402)
  forward, //      request                    → upstream answer                     (502, 504)
  sanitise, //     answer                     → only what the contract releases     (502)
  // settle        outcome                    → capture or release
  record, //       exchange                   → one usage record                    (503)
]

/** From here on every exchange passes the steps, refused or not. */
const closing = steps.indexOf(record)

export function createGateway(deps: GatewayDeps): Gateway {
  return createRunner(deps, steps, closing)
}
