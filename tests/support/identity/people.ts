/** A stage for tests about people: everything that signing in needs, and people who can. */
import { createHmac, randomBytes } from 'node:crypto'
import { createAuditSink } from '#/governance/audit/audit.ts'
import type { MemberRole, OperatorRole } from '#/governance/roles/roles.ts'
import { createLockout, defaultPolicies } from '#/identity/lockout/lockout.ts'
import type { Policies } from '#/identity/lockout/lockout.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { createPasswords } from '#/identity/passwords/passwords.ts'
import { addMember, addOperator, createPerson } from '#/identity/people/people.ts'
import { createSessions } from '#/identity/sessions/sessions.ts'
import type { SignInDeps, SignInRequest } from '#/identity/sign-in/sign-in.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'

/** Enough for the path, too little for an attacker: 64 KiB in one pass, 50 µs. */
const light = { memory: 64, passes: 1, parallelism: 1 }

const noon = Date.UTC(2026, 10, 20, 12)

/** A wall clock that stands until it is moved. */
function standingClock() {
  let wall = noon
  return {
    wall: () => wall,
    business: () => new Date(wall),
    monotonicUs: () => wall * 1000,
    forward: (milliseconds: number) => void (wall += milliseconds),
  }
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What a code generator shows at a moment that read this `otpauth:` address: written apart from ours (RFC 6238). */
export function codeShown(uri: string, wall: number): string {
  const letters = new URL(uri).searchParams.get('secret') ?? ''
  const bits = Array.from(letters, (one) => base32.indexOf(one).toString(2).padStart(5, '0')).join('')
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const step = Math.floor(wall / 30_000)
    .toString(16)
    .padStart(16, '0')
  const mac = createHmac('sha1', secret).update(Buffer.from(step, 'hex')).digest('hex')
  const at = Number.parseInt(mac.slice(-1), 16) * 2
  const number = Number.parseInt(mac.slice(at, at + 8), 16) % 2 ** 31
  return String(number).slice(-6).padStart(6, '0')
}

export function people(
  database: Database,
  options: {
    readonly policies?: Policies
    readonly parameters?: typeof light
    /** Another one where somebody else's time is compared with ours. */
    readonly clock?: Clock & { forward(milliseconds: number): void }
  } = {},
) {
  const clock = options.clock ?? standingClock()
  const sealer = createSealer(randomBytes(32))
  const passwordsOf = (parameters: typeof light, waiting = 1000) =>
    createPasswords({ sealer, parameters, bound: { running: waiting === 0 ? 0 : 2, waiting } })
  const deps: SignInDeps = {
    world: { ...database.control, clock, audit: createAuditSink(sealer) },
    sealer,
    passwords: passwordsOf(options.parameters ?? light),
    sessions: createSessions({ sealer }),
    lockout: createLockout({ sealer, policies: options.policies ?? defaultPolicies }),
  }
  const within = <T>(work: (tx: Tx) => Promise<T>) =>
    transact(deps.world, { kind: 'system', name: 'test' }, work)
  const password = 'tarn vexed otter'

  async function partner(): Promise<string> {
    const slug = `p-${newId()}`
    return (await within((tx) => createPartner(tx, { slug, name: slug }))).id
  }

  /** With the password, and a place when a role is given. */
  async function member(role?: MemberRole) {
    const id = newId()
    const email = `person-${id}@example.com`
    const hash = await deps.passwords.hash(password)
    const partnerId = role && (await partner())
    return within(async (tx) => {
      const person = await createPerson(tx, sealer, { email, name: null })
      await deps.passwords.setPassword(tx, person.id, hash, clock.wall())
      if (role && partnerId) await addMember(tx, partnerId, person.id, role)
      return { id: person.id, email }
    })
  }

  async function operator(role: OperatorRole) {
    const person = await member()
    await within((tx) => addOperator(tx, person.id, role))
    return person
  }

  let calls = 0
  /** From an address of its own each time, unless one is given. */
  const request = (email: string, more: Partial<SignInRequest> = {}): SignInRequest => {
    calls += 1
    const address = `2001:db8:${(calls >> 16).toString(16)}:${(calls & 0xff_ff).toString(16)}::1`
    return { email, password, realm: 'portal', address, ...more }
  }

  const refused = (code: string) => (error: unknown) =>
    error instanceof Problem && error.definition.code === code

  return { deps, clock, sealer, within, password, partner, member, operator, request, refused, passwordsOf }
}
