/**
 * What the rest of Portico knows of an OpenAPI document: its operations, compiled.
 *
 * Everything here is prepared once, when a contract is published; the gateway only calls it. The
 * functions take plain values, never a request object of a server, so that any lane can use them.
 */
import type { Projector } from '../classification/classification.ts'

export { OffContract, type Projector } from '../classification/classification.ts'

/** One way in which a request breaks the contract. `pointer` is a JSON Pointer into the body, as a URI fragment (`#/a/0`). */
export type Violation = {
  readonly in: 'body' | 'query' | 'path' | 'header' | 'cookie'
  /** The keyword of JSON Schema that said no (`required`, `type`, …), or `unknown`, `malformed`, `not_accepted`, `internal`. */
  readonly code: string
  readonly detail: string
  readonly pointer?: string
  /** Name of the parameter, for everything but the body. */
  readonly name?: string
}

/** The parts of a request that parameters are read from, still as they were sent. */
export type RequestParts = {
  /** Captured path segments in the order of the template, percent-encoded. */
  readonly path: readonly string[]
  /** After the question mark, without it; empty when there is none. */
  readonly query: string
  /** Value of a header by its lower-case name; several lines are joined by `, ` (cookies by `; `). */
  header(name: string): string | undefined
}

export type BodyKind = 'json' | 'form' | 'multipart' | 'text' | 'binary'

/** How a request body of one media type is treated. */
export type BodyRule = {
  readonly kind: BodyKind
  /** The media type as the contract names it. */
  readonly mediaType: string
  /**
   * All violations (capped at `maxViolations`), for a parsed JSON value or a parsed form; `null` when the
   * contract asks nothing of the body that would need its bytes, so that it may be streamed.
   */
  readonly validate: ((value: unknown) => readonly Violation[]) | null
}

export type RequestBody = {
  readonly required: boolean
  /** The media types the contract accepts, for the message of a 415. */
  readonly mediaTypes: readonly string[]
  /** Rule for a `Content-Type` as it was sent (parameters and case do not matter); undefined: 415. */
  rule(contentType: string | undefined): BodyRule | undefined
}

export type AnswerKind = 'json' | 'json-lines' | 'event-stream' | 'text' | 'binary'

/** How an answer of one status and one media type is treated. */
export type AnswerRule = {
  readonly kind: AnswerKind
  readonly mediaType: string
  /** For json, each line of json-lines, and the data of each event of event-stream. */
  readonly project: Projector | null
  /** text and binary: true only when the contract releases them explicitly with `x-portico-class: public`. */
  readonly released: boolean
}

/** What may leave under one status. */
export type StatusRule = {
  /** Lower-case names of the response headers that the contract releases, with a check of their value (true: fine). */
  readonly headers: ReadonlyMap<string, (value: string) => boolean>
  /** The contract describes no body for this status (204, or no `content`). */
  readonly empty: boolean
  /** Rule for the upstream's `Content-Type`; undefined: off contract. */
  rule(contentType: string | undefined): AnswerRule | undefined
}

/** One method and path of a contract, ready to serve. */
export type Operation = {
  /** `operationId`, or `get /projects/{id}` where there is none. Unique in its contract. */
  readonly id: string
  /** The name under which the provider registered the contract, and the document's `info.version`. */
  readonly contract: string
  readonly version: string
  /** Upper case. */
  readonly method: string
  /** The template, `/api/projects/{id}`, with the path of the document's server in front where it has one. */
  readonly path: string
  /** Null: the operation belongs to no capability and is open to nobody. */
  readonly capability: string | null
  readonly scopes: readonly string[]
  readonly deprecated: boolean
  readonly summary: string
  /** All violations of path, query, header and cookie parameters; null when the operation has none. */
  readonly parameters: ((parts: RequestParts) => readonly Violation[]) | null
  readonly body: RequestBody | null
  /** Rule of a status: its own, then its class (`2XX`), then `default`; undefined: off contract. */
  answer(status: number): StatusRule | undefined
}

/** A feature of the document that Portico does not serve. One refusal refuses the document. */
export type Refusal = {
  /** File (as it was referenced) and JSON Pointer of the place. */
  readonly file: string
  readonly pointer: string
  readonly code: string
  readonly message: string
}

/** Something the author should know; it does not refuse the document. */
export type Notice = Refusal

export type Compiled = {
  readonly title: string
  readonly version: string
  readonly openapi: string
  readonly operations: readonly Operation[]
  /** Names of the capabilities that the operations carry. */
  readonly capabilities: readonly string[]
  /** JSON Pointers of response properties without a class, which are therefore not released. */
  readonly unclassified: readonly string[]
  /** Properties of answers that leave and that do not, each counted once an answer that has it. */
  readonly fields: { readonly released: number; readonly withheld: number }
  readonly refusals: readonly Refusal[]
  readonly notices: readonly Notice[]
}
