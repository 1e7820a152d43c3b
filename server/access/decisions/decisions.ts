/** The decision for those who ask beside the calls: services of the provider, other gateways, partners, operators. */
import type { Facts } from '#/access/entitlements/entitlements.ts'
import type { Application, Environment, Route as ServedRoute, Snapshot } from '#/gateway/gateway.ts'
import type { Route } from '#/kernel/http/http.ts'
import { problem } from '#/kernel/problem/problem.ts'

export const operationUnknown = problem('decisions.unknown_operation', 404, 'There is no such operation', {
  help: 'No published contract has this operation, or several do: say method and path then.',
})
export const applicationUnknown = problem(
  'decisions.unknown_application',
  404,
  'There is no such application',
  {
    help: 'No application has this id, or no key this fingerprint.',
  },
)

export const decisionsTooOld = problem('decisions.too_old', 503, 'What is known is too old to decide by', {
  help: 'This node has heard of no change for longer than is bearable, so it decides nothing for others; `/readyz` says the same. Ask another node, or ask again later.',
  retryable: true,
})

/** What answers them: the world of the gateway, in memory. `publish/` provides it. */
export type Deciding = {
  readonly snapshot: () => Snapshot
  application(id: string): Application | undefined
  /** Names of all that was declared, and that of the Partner API. */
  capabilities(): Iterable<string>
  /** Business time of the world that the decisions of an environment go by. */
  now(environment: Environment): Date
  /** As of now; null: there is no such partner. */
  facts(application: Application, capability: string | null): Facts | null
  /** Those of this id, in whatever contract. */
  operations(id: string): readonly ServedRoute[]
}

/** In seconds. */
const askAgainAfter = '5'

/** A revocation may be among what was missed, and whoever asks beside the calls keeps the answer. */
export function whileUsable(routes: readonly Route[], usable: () => boolean): Route[] {
  return routes.map((each) => ({
    ...each,
    handle: async (call) => {
      if (!usable()) throw decisionsTooOld.with({ headers: { 'retry-after': askAgainAfter } })
      return each.handle(call)
    },
  }))
}
