/** Calls operations of ours as the gateway does once a request has passed its steps: as a key, or as a person. */
import { createApplication } from '#/identity/applications/applications.ts'
import { createKey } from '#/identity/keys/keys.ts'
import type { Bounds } from '#/identity/keys/keys.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { addMember, createPerson } from '#/identity/people/people.ts'
import type { MemberRole } from '#/identity/people/people.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import { serveOperation } from '#/kernel/http/http.ts'
import type { OperationCall, PartnerOperation } from '#/kernel/http/http.ts'
import { newId, parseId, publicId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'

/** Who calls. */
export type Caller = Pick<
  OperationCall,
  'partnerId' | 'applicationId' | 'credentialId' | 'environment' | 'member'
>

export type Asked = {
  readonly id?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
}

// oxlint-disable-next-line typescript/no-explicit-any -- the test that reads it asserts its shape
type Body = any

export type Answered = { readonly status: number; readonly code: string | null; readonly body: Body }

export function operationsScene(database: Database, operations: readonly PartnerOperation[]) {
  const inTx = <T>(work: (tx: Tx) => Promise<T>) =>
    transact(database.control, { kind: 'system', name: 'test' }, work)

  /** Throws what the operation throws. */
  async function serve(caller: Caller, operationId: string, asked: Asked = {}) {
    const operation = operations.find(({ id }) => id === operationId)
    if (!operation) throw new Error(`there is no operation ${operationId}`)
    const call = {
      ...caller,
      requestId: newId(),
      address: '127.0.0.1',
      path: asked.id === undefined ? {} : { id: asked.id },
      query: new URLSearchParams(asked.query),
      body: asked.body,
    }
    return serveOperation(database, operation, call)
  }

  /** The answer through JSON, or the status and code of the refusal. */
  async function ask(caller: Caller, operationId: string, asked: Asked = {}): Promise<Answered> {
    try {
      const { status, body } = await serve(caller, operationId, asked)
      return { status, code: null, body: body === undefined ? undefined : JSON.parse(JSON.stringify(body)) }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return { status: error.definition.status, code: error.definition.code, body: undefined }
    }
  }

  /** A partner with an application in each environment, and the live one's key. */
  async function partner(bounds?: Bounds) {
    return inTx(async (tx) => {
      const { id: partnerId } = await createPartner(tx, { slug: `p-${newId()}`, name: 'Helio Works' })
      const live = await createApplication(tx, partnerId, { environment: 'live', name: 'Shop' })
      const sandbox = await createApplication(tx, partnerId, { environment: 'sandbox', name: 'Shop' })
      const keyIn = async (application: typeof live): Promise<Caller> => {
        const made = await createKey(tx, partnerId, application.id, {
          label: 'First',
          ...(bounds && { bounds }),
        })
        const { id: applicationId, environment } = application
        return { partnerId, applicationId, credentialId: made.id, environment, member: null }
      }
      return { partnerId, live: await keyIn(live), sandbox: await keyIn(sandbox) }
    })
  }

  /** A signed-in person of the partner. */
  async function person(
    sealer: Sealer,
    at: Caller,
    role: MemberRole,
    steppedUpAt: number | null = null,
  ): Promise<Caller> {
    const { id } = await inTx(async (tx) => {
      const made = await createPerson(tx, sealer, { email: `${newId()}@example.com`, name: `A ${role}` })
      await addMember(tx, at.partnerId, made.id, role)
      return made
    })
    return { ...at, credentialId: newId(), member: { id, role, steppedUpAt } }
  }

  return { inTx, serve, ask, partner, person }
}

/** An id that exists nowhere. */
export function nobodys(prefix: string): string {
  return publicId(prefix, newId())
}

export function uuidOf(prefix: string, id: string): string {
  const found = parseId(prefix, id)
  if (found === null) throw new Error(`${id} is no id of this kind`)
  return found
}
