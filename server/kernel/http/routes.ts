/** A route as data: where it is, who may call it, what it takes, and the function that answers. */
import type { Static, TObject, TSchema } from 'typebox'

/** Who may call a route. Roles join it with the people who have them. */
export type Permission = 'public'

export type Call<P extends TObject = TObject, Q extends TObject = TObject, B extends TSchema = TSchema> = {
  readonly params: Static<P>
  readonly query: Static<Q>
  readonly body: Static<B>
  readonly requestId: string
  readonly header: (name: string) => string | undefined
}

export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a string as it is under its `content-type`. */
  readonly body: object | string
}

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/v1/partners/:id`. */
  readonly path: string
  readonly permission: Permission
  readonly summary: string
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
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
  if (!definition.permission) throw new Error(`${definition.method} ${definition.path} states no permission`)
  return definition
}
