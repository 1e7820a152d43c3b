/**
 * What partners may not know of stays unknown when its operation is moved. An exposure takes two people and met gates
 * to leave dark; a contract that names another capability for the same operation must not be a way around both.
 */
import { knownCapabilities, listCapabilities, ownCapability } from '#/access/capabilities/capabilities.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { keepOperations, listOperations } from '#/publish/declaration/store.ts'
import type { KeptOperation } from '#/publish/declaration/store.ts'
import type { Refusal } from '#/publish/declaration/things.ts'

/** As a contract of the file has it. */
export type SaidOperation = {
  readonly contract: string
  readonly method: string
  readonly path: string
  readonly capability: string | null
}

/** Operations last published under a capability that partners may not know of now. */
export async function hiddenOperations(tx: Tx): Promise<readonly KeptOperation[]> {
  const hidden = await hiddenNames(tx)
  return (await listOperations(tx)).filter(({ capability }) => hidden.has(capability))
}

/**
 * Of those hidden before the file was applied: each that its contracts would open, though nobody opened its capability.
 * An operation that is gone counts as moved to the one that would answer in its place.
 */
export async function refuseMoved(
  tx: Tx,
  before: readonly KeptOperation[],
  said: readonly SaidOperation[],
): Promise<readonly Refusal[]> {
  if (before.length === 0) return []
  const hidden = await hiddenNames(tx)
  const open = new Set([...(await knownCapabilities(tx)).values()].map(({ name }) => name))
  open.add(ownCapability)
  const places = new Set(said.map(({ path }) => nameless(path)))
  return before
    .filter(({ capability }) => hidden.has(capability))
    .flatMap((kept) => {
      const isSame = places.has(kept.path)
      const answering = said.find(
        ({ method, path, capability }) =>
          method === kept.method &&
          open.has(capability ?? '') &&
          (isSame ? nameless(path) === kept.path : covers(path, kept.path)),
      )
      return answering ? [refusalOf(kept, answering)] : []
    })
}

/** An operation that names no capability is open to nobody, and remembered by the one it had. */
export async function keepSaid(tx: Tx, said: readonly SaidOperation[]): Promise<void> {
  const kept = said.flatMap(({ method, path, capability }) => {
    return capability === null ? [] : [{ method, path: nameless(path), capability }]
  })
  await keepOperations(tx, kept)
}

async function hiddenNames(tx: Tx): Promise<ReadonlySet<string>> {
  const known = await knownCapabilities(tx)
  const all = await listCapabilities(tx)
  return new Set(all.filter(({ id }) => !known.has(id)).map(({ name }) => name))
}

function refusalOf({ method, path, capability }: KeptOperation, to: SaidOperation): Refusal {
  const where = nameless(to.path) === path ? '' : `, where ${to.path} would answer`
  const message =
    `${method} ${path} stands under ${capability}, which partners may not know of; under ${to.capability} they would${where}. ` +
    `Open ${capability} first, or move it to a capability that is dark: POST /v1/capabilities/…/exposure takes two people.`
  return { path: `contracts.${to.contract}.file`, message }
}

function nameless(path: string): string {
  return path.replaceAll(/\{[^{}]*\}/g, '{}')
}

/** Would the template answer calls to the other? */
function covers(template: string, other: string): boolean {
  const parts = template.split(/\{[^{}]*\}/).map((part) => RegExp.escape(part))
  return new RegExp(`^${parts.join('[^/]+')}$`).test(other)
}
