/** The decision for those who ask beside the calls: services of the provider, other gateways, partners, operators. */
import type { Facts } from '#/access/entitlements/entitlements.ts'
import type { Application, Environment, Route, Snapshot } from '#/gateway/gateway.ts'
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
  operations(id: string): readonly Route[]
}
