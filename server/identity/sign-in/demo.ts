/** The demo's people: an operator and an owner of each partner, with passwords that are the same from start to start. */
import { addMember, addOperator, createPerson, findPersonByEmail } from '#/identity/people/people.ts'
import { deriveDemoPassword } from '#/identity/passwords/passwords.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import type { SignInDeps } from '#/identity/sign-in/proof.ts'

export type DemoPerson = {
  readonly email: string
  readonly name: string
  /** Null: an operator. */
  readonly partnerId: string | null
}

export type DemoCredentials = { readonly email: string; readonly password: string }

const seeds: Actor = { kind: 'system', name: 'demo' }

/**
 * Gives the credentials in the order of the people. Somebody who is there already stays as they are: a password that
 * was changed in the portal is not changed back.
 */
export async function seedDemoPeople(
  deps: Pick<SignInDeps, 'world' | 'sealer' | 'passwords'>,
  secret: string,
  people: readonly DemoPerson[],
): Promise<DemoCredentials[]> {
  const { world, sealer, passwords } = deps
  const credentials: DemoCredentials[] = []
  for (const person of people) {
    const { email } = person
    const password = deriveDemoPassword(secret, email)
    credentials.push({ email, password })
    if (await transact(world, seeds, (tx) => findPersonByEmail(tx, sealer, email))) continue
    const hash = await passwords.hash(password)
    await transact(world, seeds, (tx) => seed(deps, tx, person, hash))
  }
  return credentials
}

async function seed(
  { world, sealer, passwords }: Pick<SignInDeps, 'world' | 'sealer' | 'passwords'>,
  tx: Tx,
  { email, name, partnerId }: DemoPerson,
  hash: string,
): Promise<void> {
  // Another process may have been faster.
  if (await findPersonByEmail(tx, sealer, email)) return
  const { id } = await createPerson(tx, sealer, { email, name })
  await passwords.setPassword(tx, id, hash, world.clock.wall())
  await (partnerId === null ? addOperator(tx, id, 'admin') : addMember(tx, partnerId, id, 'owner'))
}
