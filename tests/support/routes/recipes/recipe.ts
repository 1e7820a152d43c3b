/**
 * What the enumeration of routes has to be told of a route, since the registry cannot know it: which rows its path,
 * query or body names, and a content that it takes.
 *
 * A new route needs a line in the table of its area beside this file, under its method and path as they are declared:
 *
 *     'PATCH /partner/keys/{id}': { rows: { id: key }, body: () => ({ scopes: ['usage:read'] }) },
 *
 * Each row is made anew for every call, through the doors, in the partner (or for the person) whose turn it is; a
 * foreign and an absent one follow from it. Statuses follow from the registry: the permission says which roles may, the
 * declared answer what they get. A list needs no line, only something to show: whatever a partner has bears its marker
 * (`furnish` in `scene.ts`).
 *
 * A new area needs a table beside this file that is gathered in `recipes.ts`, and its registry in `registriesOf`
 * (`stage.ts`).
 */
import type { Realm } from '#/identity/sessions/sessions.ts'
import type { Actor } from '#/kernel/db/db.ts'
import type { PartnerOperation, Route } from '#/kernel/http/http.ts'
import type { Asking } from '../answer.ts'
import type { Stage } from '../stage.ts'

/** Public ids by the name that the recipe gives them. */
export type Ids = Readonly<Record<string, string>>

/** Where a row is made: in a partner and in one of its environments. */
export type Place = {
  readonly partnerId: string
  readonly environment: 'live' | 'sandbox'
  /** Stands in everything that the partner has and nobody else. */
  readonly marker: string
  /** The person of the provider whose turn it is, for rows that must be theirs; without it anybody's. */
  readonly caller?: Actor
}

/** A person who is signed in, at either door. */
export type Someone = {
  readonly realm: Realm
  readonly personId: string
  readonly sessionId: string
  readonly email: string
  /** Whom they belong to; null: the provider. */
  readonly place: Place | null
}

export type Row<Where = Place> = {
  /** Its public id; `made` are those of the rows before it. */
  readonly make: (stage: Stage, where: Where, made: Ids) => Promise<string>
  /** Of the other side; without it what `make` makes elsewhere. */
  readonly foreign?: (stage: Stage, where: Where, made: Ids) => Promise<string>
  /**
   * An id that nothing has; without it the prefix with other digits, and ids are `prefix_` and 32 of them. Several: some
   * of them are there and hidden from whoever calls.
   */
  readonly absent?: () => string | readonly [string, ...string[]]
  /** Where one that is not there is another status than elsewhere in the recipe. */
  readonly absentStatus?: number
  /** It stands in one environment, and from the other it is not seen. */
  readonly inEnvironment?: true
  /**
   * `partner`: the partner itself, to which the other rows of the recipe belong. `shared`: everybody's, such as a
   * capability. Neither has a foreign one.
   */
  readonly kind?: 'partner' | 'shared'
}

export type Recipe<Where = Place> = {
  /** In the order in which they are made. Those that are in the path have the names they have there. */
  readonly rows?: Readonly<Record<string, Row<Where>>>
  /** What must be there and is named nowhere, such as what a route ends of whoever calls. Made before the rows. */
  readonly given?: (stage: Stage, where: Where) => Promise<unknown>
  readonly query?: (ids: Ids) => Readonly<Record<string, string>>
  /** Beside the credential. */
  readonly headers?: (ids: Ids) => Readonly<Record<string, string>>
  /** What stands in the place of `*` in the path. */
  readonly rest?: string
  /** `Authorization` belongs to somebody else here: a service names itself in `Portico-Service-Key`. */
  readonly passesOn?: true
  readonly body?: (ids: Ids, where: Where) => object
  /** Of the right caller, where it is another than the declared one. Say why beside it. */
  readonly status?: number
  /** Where what is not there is another status than 404. Say why beside it. */
  readonly absentStatus?: number
  /** Permissions that are needed besides the declared one. */
  readonly also?: readonly string[]
  /** A service key gets 403: this is for people. */
  readonly peopleOnly?: true
  /** A person needs a fresh proof that it is them: without one 403. */
  readonly proof?: true
  /** Why the answer of this list shows nothing of the partner by which it could be recognised. */
  readonly unmarked?: string
}

export type Recipes<Where = Place> = Readonly<Record<string, Recipe<Where>>>

type Declared = Pick<PartnerOperation | Route, 'method' | 'path' | 'body'>

/** What to add for the route, and where; empty: nothing. */
export function missingIn(recipe: Recipe<never> | undefined, declared: Declared): string[] {
  const named = [...declared.path.matchAll(/\{(\w+)\}|:(\w+)/g)].map(([, braced, colon]) => braced ?? colon!)
  const wants = [
    ...named.filter((id) => recipe?.rows?.[id] === undefined).map((id) => `a row for {${id}}`),
    ...(declared.body && !recipe?.body ? ['a body'] : []),
    ...(declared.method !== 'GET' && !recipe ? ['a line, if only an empty one'] : []),
  ]
  if (wants.length === 0) return []
  const where = 'the table of its area, tests/support/routes/recipes/<area>.ts'
  return [`'${nameOf(declared)}' needs ${wants.join(' and ')} in ${where}; recipe.ts says how`]
}

/** Throws with what is missing. */
export function recipeOf<Where>(recipes: Recipes<Where>, declared: Declared): Recipe<Where> {
  const recipe = recipes[nameOf(declared)]
  const [missing] = missingIn(recipe, declared)
  if (missing !== undefined) throw new Error(missing)
  return recipe ?? {}
}

/** What is there for others alone, what is there for nobody, and what cannot be: one answer for all of them. */
export type NotThere = {
  readonly calls: readonly Asking[]
  readonly status: number
  /** What each call names: an answer may repeat it. */
  readonly ids?: readonly string[]
}

/** `id`: of a row that is there, for others where the row has owners. */
export function notThere<Where>(
  recipe: Recipe<Where>,
  row: Row<Where>,
  id: string,
  withId: (id: string) => Asking,
): NotThere {
  const foreign = row.kind === undefined ? [id] : []
  const ids = [...foreign, ...(row.absent ? [row.absent()].flat() : [absentLike(id), 'x'])]
  return { ids, calls: ids.map(withId), status: row.absentStatus ?? recipe.absentStatus ?? 404 }
}

/** The request of a recipe with these ids in it. */
export function asking<Where>(declared: Declared, recipe: Recipe<Where>, ids: Ids, where: Where): Asking {
  const path = declared.path.replaceAll(/\{(\w+)\}|:(\w+)/g, (_, braced?: string, colon?: string) =>
    encodeURIComponent(ids[braced ?? colon ?? ''] ?? ''),
  )
  const query = new URLSearchParams(recipe.query?.(ids)).toString()
  const whole = path.replace('*', recipe.rest ?? '*')
  const url = query === '' ? whole : `${whole}?${query}`
  const headers = recipe.headers?.(ids)
  return { method: declared.method, url, body: recipe.body?.(ids, where), ...(headers && { headers }) }
}

/** Of the same kind and of nobody. */
export function absentLike(id: string): string {
  if (!/[0-9a-f]{12}$/.test(id))
    throw new Error(`nothing is known to be absent like ${id}: give its row \`absent\``)
  return id.slice(0, -12) + (id.endsWith('0'.repeat(12)) ? '1' : '0').repeat(12)
}

/** Every row of the recipe. */
export async function makeRows<Where>(stage: Stage, recipe: Recipe<Where>, where: Where): Promise<Ids> {
  const ids: Record<string, string> = {}
  await recipe.given?.(stage, where)
  for (const [name, row] of Object.entries(recipe.rows ?? {})) ids[name] = await row.make(stage, where, ids)
  return ids
}

/** Under which its recipe stands. */
export function nameOf({ method, path }: Declared): string {
  return `${method} ${path}`
}
