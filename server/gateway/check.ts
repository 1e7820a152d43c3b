/**
 * The first steps alone, for a request that somebody else carries: another gateway asks whether it may pass. It takes
 * the same steps as a call, so that it cannot be told anything else.
 */
import { createExchange } from '#/gateway/exchange.ts'
import type { Exchange, RawHeaders, Refused } from '#/gateway/exchange.ts'
import type { Credential, Decision, Route } from '#/gateway/snapshot.ts'
import type { Inside, Verdict } from '#/gateway/step.ts'
import { authenticate } from '#/gateway/steps/authenticate.ts'
import type { Authenticating } from '#/gateway/steps/authenticate.ts'
import { entitle } from '#/gateway/steps/entitle.ts'
import { route } from '#/gateway/steps/route.ts'

/** A request as far as access depends on it; `remote` is the address it came from, empty where that is not known. */
export type CheckedRequest = {
  readonly method: string
  readonly target: string
  readonly headers: RawHeaders
  readonly remote: string
}

export type Checked =
  | { readonly refused: Refused }
  | {
      readonly refused: null
      readonly route: Route
      readonly credential: Credential
      readonly decision: Decision & { readonly allow: true }
    }

export type AccessCheck = (request: CheckedRequest) => Checked

type Deps = Pick<Inside, 'snapshot' | 'parseKey' | 'clock'> & { readonly newId: () => string }

const steps: readonly ((exchange: Exchange, gateway: Authenticating) => Verdict)[] = [
  route,
  authenticate,
  entitle,
]

export function createAccessCheck(deps: Deps): AccessCheck {
  const { newId, snapshot, parseKey, clock } = deps
  // A person's session is for this process alone, and without one nothing has to be waited for.
  const gateway: Authenticating = {
    snapshot,
    parseKey,
    clock,
    members: null,
    resume: unasked,
    crash: unasked,
  }
  const check = (sent: CheckedRequest): Checked => {
    const request = { ...sent, secure: true, reading: null, body: null, gone: null }
    const exchange = createExchange(newId(), request, clock.wall(), clock.monotonicUs(), unasked)
    for (const step of steps) {
      const verdict = step(exchange, gateway)
      if (verdict === 'wait') throw new Error('a step of the check waits')
      if (verdict !== null) return { refused: verdict }
    }
    const { route: found, credential } = exchange
    if (found === null || credential === null) throw new Error('the steps found neither route nor key')
    const decision = snapshot().decide(credential.application, found)
    // It ended between two looks.
    return decision.allow ? { refused: null, route: found, credential, decision } : check(sent)
  }
  return check
}

function unasked(): void {
  throw new Error('the steps of the check answer at once')
}
