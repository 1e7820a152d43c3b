/**
 * Another gateway asks for a decision with every call of its own, and names itself with the same key each time. What was
 * found of a key is believed for half a second, so that a revocation counts within one, and most calls ask no database.
 */
import { digestOf } from '#/identity/keys/keys.ts'
import type { ServiceKey } from '#/identity/service-keys/service-keys.ts'
import type { Clock } from '#/kernel/clock/clock.ts'

type Find = (text: string) => Promise<ServiceKey | null>

/** Microseconds. */
const believedFor = 500_000
/** More keys than services ask for decisions. */
const mostBelieved = 1000

/** What is no key is never believed to be none, so a new one works at once. */
export function createBelieved(find: Find, clock: Pick<Clock, 'monotonicUs'>): Find {
  const believed = new Map<string, { readonly key: ServiceKey; readonly until: number }>()
  return async (text) => {
    const name = digestOf(text).toString('base64url')
    const known = believed.get(name)
    if (known && clock.monotonicUs() < known.until) return known.key
    const asked = clock.monotonicUs()
    const key = await find(text)
    if (believed.size >= mostBelieved) believed.clear()
    if (key) believed.set(name, { key, until: asked + believedFor })
    else believed.delete(name)
    return key
  }
}
