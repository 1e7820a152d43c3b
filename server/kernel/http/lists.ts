/**
 * Lists by key: a page is what comes after a row, never what comes after a number of rows, so nothing is skipped or
 * shown twice while others write. The cursor names that row; it is signed and fits the query it came from only.
 */
import { Type } from 'typebox'
import type { TSchema } from 'typebox'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { BadCursor } from '#/kernel/http/problems.ts'

/** All that a list needs of the installation's key. */
export type Signer = Pick<Sealer, 'sign' | 'verify'>

/** What every list takes in its query. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, description: 'Rows of a page; 50 by default.' }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 2000, description: '`nextCursor` of the page before, with the same query.' }),
  ),
}

/** A page of such rows, as the document of the API shows it. */
export function pageSchema<Row extends TSchema>(row: Row) {
  return Type.Object({
    data: Type.Array(row),
    nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
  })
}

export type PageQuery = { readonly limit?: number | undefined; readonly cursor?: string | undefined }

/** The same of the query of a partner operation, which was checked and is still text. */
export function pageQueryOf(query: URLSearchParams): PageQuery {
  const [limit, cursor] = [query.get('limit'), query.get('cursor')]
  return { ...(limit !== null && { limit: Number(limit) }), ...(cursor !== null && { cursor }) }
}

export const defaultLimit = 50

export type Page<Row> = {
  readonly data: readonly Row[]
  /** Null on the last page. */
  readonly nextCursor: string | null
}

/** `bound`: name of the list and everything that chooses its rows. `rows` gives at most `limit`, in order, after an id. */
export async function pageOf<Row extends { readonly id: string }>(
  signer: Signer,
  bound: readonly unknown[],
  query: PageQuery,
  rows: (page: { readonly after?: string; readonly limit: number }) => Promise<readonly Row[]>,
): Promise<Page<Row>> {
  const context = JSON.stringify(bound.map((value) => value ?? null))
  const limit = query.limit ?? defaultLimit
  const after = query.cursor === undefined ? undefined : readCursor(signer, query.cursor, context)
  const found = await rows({ limit: limit + 1, ...(after !== undefined && { after }) })
  const data = found.slice(0, limit)
  const last = found.length > limit ? data.at(-1) : undefined
  return { data, nextCursor: last ? signer.sign(last.id, context) : null }
}

function readCursor(signer: Signer, cursor: string, context: string): string {
  const id = signer.verify(cursor, context)
  if (id === null) throw BadCursor.with()
  return id
}
