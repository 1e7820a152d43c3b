/**
 * The registry of operations that partners call and this process serves itself. It is data: the gateway
 * serves them like any operation of a contract, and the Partner API's document is generated from them.
 */
import { Type } from 'typebox'
import type { Static, TObject, TSchema } from 'typebox'
import type { Tx } from '#/kernel/db/db.ts'

/** A signed-in person of the partner. */
export type CallingMember = {
  readonly id: string
  readonly role: string
  /** Wall clock, milliseconds: when the person last proved again who it is; null: not since the sign-in. */
  readonly steppedUpAt: number | null
}

/** A call of a partner's application; everything in it was checked against the schemas below. */
export type OperationCall = {
  readonly partnerId: string
  readonly applicationId: string
  readonly environment: 'live' | 'sandbox'
  readonly requestId: string
  /** The key that was used, or the session. */
  readonly credentialId: string
  readonly address: string
  /** The person of a session; null: an application with its key. */
  readonly member: CallingMember | null
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
}

export type OperationAnswer<Body = unknown> = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Body
}

export type PartnerOperation = {
  /** `getUsage`. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/partner/usage`, templates in braces. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  /** `partner-api` is every partner's; another name must be granted by a package. */
  readonly capability: string
  readonly scopes: readonly string[]
  /** What a signed-in person's role must allow, `team:write`; without it only applications call it. */
  readonly permission?: string
  /** About the organisation, which has no sandbox: applications call it with a live key only. */
  readonly organisation?: true
  /** What the audit calls a change when the handler says nothing: `keys.create`. */
  readonly action?: string
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
  /** Status and body of success (204: none). Every property of it is public; put nothing in it that is not. */
  readonly status: number
  readonly response: TSchema
  /** Runs in a transaction of the caller's world; throws a `Problem` to refuse. */
  handle(tx: Tx, call: OperationCall): Promise<OperationAnswer>
}

/**
 * Ties the handler's answer to the response schema. Without a permission only applications call it; what changes
 * something has a name in the audit.
 */
export function partnerOperation<Response extends TSchema>(
  operation: Omit<PartnerOperation, 'response' | 'handle'> & {
    response: Response
    handle(tx: Tx, call: OperationCall): Promise<OperationAnswer<Static<Response>>>
  },
): PartnerOperation {
  if (operation.method !== 'GET' && !operation.action)
    throw new Error(`${operation.id} has no name in the audit`)
  return operation
}

/** A line that people write, a name or a reason: not empty, without what cannot be shown, and no half of a pair, which cannot be stored. */
export function lineOfText(maxLength: number, description: string) {
  const pattern = String.raw`^[^\u0000-\u0020\u007f\ud800-\udfff][^\u0000-\u001f\u007f\ud800-\udfff]*$`
  return Type.String({ minLength: 1, maxLength, pattern, description })
}

export const problemReference = { $ref: '#/components/responses/Problem' }

export function parameters(where: 'path' | 'query', schema: TObject | undefined): object[] {
  if (!schema) return []
  const required = new Set<string>(schema.required ?? [])
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.has(name),
    schema: property,
    ...('description' in property ? { description: property.description } : {}),
  }))
}

function operationObject(operation: PartnerOperation): object {
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(operation.description && { description: operation.description }),
    'x-portico-capability': operation.capability,
    'x-portico-scopes': [...operation.scopes],
    security: [{ apiKey: [] }],
    parameters: [...parameters('path', operation.params), ...parameters('query', operation.query)],
    ...(operation.body && {
      requestBody: {
        required: needsBody(operation.body),
        content: { 'application/json': { schema: operation.body } },
      },
    }),
    responses: {
      [operation.status]: {
        description: operation.summary,
        ...(operation.status !== 204 && { content: { 'application/json': { schema: operation.response } } }),
      },
      default: problemReference,
    },
  }
}

/** Where every member of it is optional, nothing at all says the same as `{}`. */
function needsBody(body: TSchema): boolean {
  if (!('properties' in body)) return true
  return 'required' in body || 'minProperties' in body
}

const problemSchema = {
  type: 'object',
  description: 'RFC 9457. The codes are listed in the reference of problems.',
  required: ['type', 'title', 'status', 'code', 'requestId', 'retryable'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string' },
    requestId: { type: 'string' },
    retryable: { type: 'boolean' },
    errors: { type: 'array', items: { type: 'object', 'x-portico-class': 'public' } },
  },
} as const

export const problemResponse = {
  description: 'The call was refused or failed',
  content: { 'application/problem+json': { schema: problemSchema } },
} as const

/** Of the Partner API's own document. */
export const partnerApiVersion = '1.1.0'

/** The OpenAPI 3.1 document of the Partner API. Plain data, in a stable order. */
export function partnerDocument(
  version: string,
  operations: readonly PartnerOperation[],
): Record<string, unknown> {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: operationObject(operation),
    }
  }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Partner API', version, description: 'What Portico itself offers to partners.' },
    'x-portico-default-class': 'public',
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of an application.' },
      },
      responses: { Problem: problemResponse },
    },
  }
  // TypeBox keeps its kinds under symbols and hidden properties; the document is what JSON shows of it.
  return JSON.parse(JSON.stringify(document)) as Record<string, unknown>
}
