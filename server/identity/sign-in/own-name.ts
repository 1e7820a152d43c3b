/**
 * Transactions about a person's own account run in our name, because what is a person's own stands across partners. The
 * lines they leave in the audit are the person's all the same, with the role and for whom they acted.
 */
import { transact } from '#/kernel/db/db.ts'
import type { Actor, AuditSink, Tx, World } from '#/kernel/db/db.ts'
import { actorOf } from '#/identity/sessions/sessions.ts'
import type { Opened, Session } from '#/identity/sessions/sessions.ts'
import { system } from '#/identity/sign-in/proof.ts'

/** In the name of who is signed in. */
export function inNameOf<T>(
  world: World,
  session: Session,
  work: (tx: Tx) => Promise<T>,
  address: string,
): Promise<T> {
  return transact(
    naming(world, () => actorOf(session)),
    system,
    work,
    address,
  )
}

/** In the name of who comes in by it. */
export function entering<T extends Opened | object>(
  world: World,
  work: (tx: Tx) => Promise<T>,
  address: string,
): Promise<T> {
  return inNameFound(world, work, (result) => ('session' in result ? actorOf(result.session) : null), address)
}

/** In the name of whoever the work shows it to be: known when it is done, and that is before its lines are written. */
export function inNameFound<T>(
  world: World,
  work: (tx: Tx) => Promise<T>,
  who: (result: T) => Actor | null,
  address: string,
): Promise<T> {
  let actor: Actor | null = null
  const named = async (tx: Tx): Promise<T> => {
    const result = await work(tx)
    actor = who(result)
    return result
  }
  return transact(
    naming(world, () => actor),
    system,
    named,
    address,
  )
}

function naming(world: World, who: () => Actor | null): World {
  const { audit } = world
  if (!audit) return world
  const write: AuditSink['write'] = (client, at, actor, address, lines) =>
    audit.write(client, at, who() ?? actor, address, lines)
  return { ...world, audit: { write } }
}
