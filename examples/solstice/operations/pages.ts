/** Lists come in pages; the cursor says where the next one starts, and of which list it is. */
import { seedOf } from '../data/dice.ts'
import type { Row } from '../data/model.ts'
import { numberOf, type Shelf } from '../data/shelf.ts'
import { type Answer, type Call, ok, problem } from './answer.ts'

const defaultLimit = 20
const maxLimit = 100

/** One page of a shelf; `filters` are the query parameters that must equal the property of the same name. */
export function listed<R extends Row>(
  call: Call,
  shelf: Shelf<R>,
  filters: readonly (keyof R & string)[],
): Answer {
  const wanted = filters.flatMap((name) => {
    const value = call.query.get(name)
    return value === null ? [] : [{ name, value }]
  })
  // A cursor of another list, filter or partner would skip rows in silence, so it is refused.
  const list = seedOf(JSON.stringify([call.partner, filters, wanted])).toString(36)
  const before = readCursor(call.query.get('cursor'), list)
  if (before === undefined) {
    return problem(400, 'invalid_cursor', 'Invalid cursor', 'The cursor is not one of this list.')
  }
  const limit = Math.min(maxLimit, Math.max(1, Number(call.query.get('limit')) || defaultLimit))
  const { rows, more } = shelf.page(call.partner, before, limit, (row) =>
    wanted.every(({ name, value }) => row[name] === value),
  )
  const last = rows.at(-1)
  const nextCursor = more && last ? Buffer.from(`${list}.${numberOf(last.id)}`).toString('base64url') : null
  return ok({ data: rows, hasMore: more, nextCursor, _debug: { scanned: rows.length, plan: 'seq scan' } })
}

function readCursor(cursor: string | null, list: string): number | undefined {
  if (cursor === null) return Infinity
  const [of, number = '', rest] = Buffer.from(cursor, 'base64url').toString().split('.')
  return of === list && /^[0-9]{1,15}$/.test(number) && rest === undefined ? Number(number) : undefined
}
