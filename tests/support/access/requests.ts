/** A stage for access requests: partners whose facts are complete, their people, and people of the provider. */
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { accessOperations } from '#/access/access.ts'
import type { Form } from '#/access/requests/requests.ts'
import { addMember, createPerson } from '#/identity/people/people.ts'
import type { OperatorRole } from '#/identity/people/people.ts'
import { changeProfile } from '#/identity/profile/profile.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import type { Actor } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { adminApi } from '../identity/admin.ts'
import { operationsScene } from '../partner/operations.ts'
import type { Asked, Caller } from '../partner/operations.ts'
import type { TestDatabase } from '../database.ts'
import { expose } from './exposure.ts'
import { lapsedCapability } from './lapsed.ts'

export const fullForm: Form = {
  useCase: 'Order sync\nfor two shops',
  volume: { perMonth: 20_000, peakPerSecond: 5 },
  data: 'Orders, without customers.',
  environments: ['live', 'sandbox'],
  acceptedTerms: '2026-11',
}

const facts = {
  legalName: 'Helio Works GmbH',
  country: 'DE',
  address: { lines: ['Lichtweg 1'], postalCode: '10115', city: 'Berlin', region: null },
  billingEmail: 'billing@helio.example',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
}

export type Operator = {
  readonly id: string
  readonly actor: Extract<Actor, { kind: 'operator' }>
  readonly headers: { readonly operator: string }
}

export async function requestScene(database: TestDatabase) {
  const api = await adminApi(database)
  const scene = operationsScene(database, accessOperations({ sealer: api.sealer, clock: systemClock() }))

  /** With its key, an admin's session, and facts that are complete unless it is new. */
  async function partner({ isNew = false } = {}) {
    const made = await scene.partner()
    const { partnerId } = made
    if (!isNew) await api.inTx((tx) => changeProfile(tx, api.sealer, partnerId, { facts }))
    const admin = await scene.person(api.sealer, made.live, 'admin')
    const actor = { kind: 'member', id: admin.member!.id, partnerId, role: 'admin' } as const
    return { ...made, admin, actor }
  }

  /** Known to the guard of the test by its header; with `memberOf`, a member of that partner as well. */
  async function operator(role: OperatorRole = 'partner-manager', memberOf?: string): Promise<Operator> {
    const email = `${newId()}@example.com`
    const { id } = await api.inTx(async (tx) => {
      const person = await createPerson(tx, api.sealer, { email, name: `A ${role}` })
      if (memberOf !== undefined) await addMember(tx, memberOf, person.id, 'developer')
      return person
    })
    return { id, actor: { kind: 'operator', id, role }, headers: { operator: `${role} ${id}` } }
  }

  const capability = (name: string, exposure: Exposure = 'general') =>
    api.inTx((tx) => declareCapability(tx, { name, title: `The ${name}`, exposure }))
  const offer = (name: string, capabilities: readonly string[] = []) =>
    api.inTx((tx) => declarePackage(tx, { name, title: `The ${name}`, terms: plainTerms(capabilities) }))

  /** Made and handed in by the caller; its public id. */
  async function submitted(caller: Caller, thing: object): Promise<string> {
    const made = await scene.ask(caller, 'createAccessRequest', { body: { ...thing, form: fullForm } })
    const { id } = made.body as { id: string }
    const { status, code } = await scene.ask(caller, 'submitAccessRequest', { id })
    if (status !== 200) throw new Error(`it was not submitted: ${code}`)
    return id
  }

  /** `review(ada, id, 'claim', {})`. */
  const review = (by: Operator, id: string, verb: string, body?: object) =>
    api.call(`POST /v1/access-requests/${id}/${verb}`, { headers: by.headers, ...(body && { body }) })

  const find = (by: Operator, id: string) =>
    api.call(`GET /v1/access-requests/${id}`, { headers: by.headers })

  const ask = (caller: Caller, operation: string, asked: Asked = {}) => scene.ask(caller, operation, asked)

  return {
    api,
    ask,
    refusal: async (caller: Caller, operation: string, asked: Asked = {}) =>
      refusalOf(await scene.serve(caller, operation, asked).catch((error: unknown) => error)),
    person: scene.person,
    partner,
    operator,
    capability,
    lapsedCapability: (name: string) => lapsedCapability(api.control, name),
    expose: (name: string, to: Exposure) => expose(api.control, name, to),
    offer,
    submitted,
    review,
    find,
  }
}

/** What it was refused with, whole. */
function refusalOf(outcome: unknown) {
  if (!(outcome instanceof Problem)) throw new Error('it was not refused')
  const { definition, occurrence } = outcome
  return { status: definition.status, code: definition.code, problem: occurrence }
}
