/** A route as data: where it is, who may call it, what it takes, and the function that answers. */
import { Readable } from 'node:stream'
import type { Static, TObject, TSchema } from 'typebox'
import type { Actor, Tx } from '#/kernel/db/db.ts'

/**
 * Who may call a route: `public` everyone, `session` whoever is signed in, else a permission's name
 * (`partners:read`) that a role or a service key must hold. What stands behind the names is the guard's to know.
 */
export type Permission = 'public' | 'session' | `${string}:${string}`

/** Who calls, as the guard knows it. */
export type Caller = {
  readonly actor: Actor
  /** Network address the call came from. */
  readonly address: string
  readonly session: Session | null
}

/** A person who is signed in. */
export type Session = {
  readonly id: string
  readonly personId: string
  /** Wall clock, milliseconds: when the person last proved again who it is; null: not since the sign-in. */
  readonly steppedUpAt: number | null
}

/** What a guard may look at. */
export type Knock = {
  readonly method: string
  /** As it was sent, with its query. */
  readonly target: string
  readonly address: string
  header(name: string): string | undefined
}

/** Lets a call in or throws a `Problem` (401, 403). */
export type Guard = (knock: Knock, permission: Permission) => Promise<Caller>

export type Call<P extends TObject = TObject, Q extends TObject = TObject, B extends TSchema = TSchema> = {
  readonly params: Static<P>
  readonly query: Static<Q>
  readonly body: Static<B>
  readonly requestId: string
  /** As it was sent, with its query. */
  readonly target: string
  readonly caller: Caller
  readonly header: (name: string) => string | undefined
  /**
   * A transaction in the caller's name. Slow work (hashing, the network) stays outside of it. A change that says
   * nothing to the audit gets a line with the name of the route.
   */
  readonly transact: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
}

export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /**
   * An object is sent as JSON, a string as it is under its `content-type`, and so is what `streamed` made: piece by
   * piece, as fast as the other side takes it.
   */
  readonly body: object | string | Readable
}

/** A body that is made while it is sent. When the other side goes away, the source is told to stop (`return`). */
export function streamed(source: AsyncIterable<string>): Readable {
  return Readable.from(source, { objectMode: false })
}

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/v1/partners/:id`. */
  readonly path: string
  readonly permission: Permission
  readonly summary: string
  /** What the audit calls it when the handler says nothing: `partners.create`. Needed where the method changes something. */
  readonly action?: string
  /** Success, for the document of the API: its status, and what is answered; without a schema it is no JSON. */
  readonly answer?: { readonly status: number; readonly schema?: TSchema }
  /** What is answered with 202 when it does not happen yet: a second person has to approve. */
  readonly accepted?: TSchema
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
  /**
   * The answer to a body that cannot be read, or is not what `body` says, where a protocol of others has its own words
   * for that; without it a problem. `detail` is for people.
   */
  readonly unread?: (params: Readonly<Record<string, string>>, detail: string) => Reply
  handle(call: Call): Promise<Reply>
}

/** Ties the handler to the schemas of its route. A route without a permission cannot be built. */
export function route<P extends TObject, Q extends TObject, B extends TSchema>(
  definition: Omit<Route, 'handle' | 'params' | 'query' | 'body'> & {
    readonly params?: P
    readonly query?: Q
    readonly body?: B
    handle(call: Call<P, Q, B>): Promise<Reply>
  },
): Route {
  const name = `${definition.method} ${definition.path}`
  if (!definition.permission) throw new Error(`${name} states no permission`)
  if (definition.method !== 'GET' && !definition.action) throw new Error(`${name} has no name in the audit`)
  return definition
}
