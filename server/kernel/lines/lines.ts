/**
 * Rows by the hundred thousand, read as lines of one text: an id, and what is said of it as a JSON list. A row with
 * columns costs both sides several times as much, and a line that nobody asks about is never read.
 */
import type { Tx } from '#/kernel/db/db.ts'

/** Partners in the order of their ids. `named`: those of them that are meant; null: all from `first` to `last`. */
export type Partners = {
  readonly first: string
  readonly last: string
  readonly named: readonly string[] | null
}

/** By id: its lines without the id, one below the other. */
export type Lines = ReadonlyMap<string, string>

/** Of a UUID as text, with which every line begins. */
export const idLength = 36

/** SQL: a line of each row. A value with a line break in it breaks no line, since JSON writes it as `\n`. */
export function lines(id: string, ...fields: readonly string[]): string {
  return `string_agg(${id} || json_build_array(${fields.join(', ')})::text, E'\\n') as lines`
}

/** SQL: milliseconds since 1970, until 2106 exact to the microsecond; `extract` is so for ever, in decimals that cost more. */
export function inMilliseconds(column: string): string {
  return `round(date_part('epoch', ${column}) * 1e6) / 1e3`
}

/** SQL: whose rows, by the first three parameters. A range is walked along an index; many names are each looked up. */
export const ofPartners = `partner_id between $1 and $2 /* owner */
      and ($3::uuid[] is null or partner_id = any ($3::uuid[]) /* owner */)`

const nobody = '00000000-0000-0000-0000-000000000000'

/** These and no others, though there may be others between them. */
export function partnersNamed(ids: readonly string[]): Partners {
  const sorted = ids.toSorted()
  const [first = nobody] = sorted
  return { first, last: sorted.at(-1) ?? nobody, named: ids.length > 1 ? ids : null }
}

/** What a statement with `lines` and `ofPartners` finds. `$4` is `knownAt`; null: as known now. */
export async function readLines(
  reader: Pick<Tx, 'rows'>,
  statement: string,
  { first, last, named }: Partners,
  knownAt: Date | null,
): Promise<Lines> {
  const [row] = await reader.rows<{ lines: string | null }>(statement, [first, last, named, knownAt])
  const found = new Map<string, string>()
  for (const line of row?.lines?.split('\n') ?? []) {
    const id = line.slice(0, idLength)
    const before = found.get(id)
    const said = line.slice(idLength)
    found.set(id, before === undefined ? said : `${before}\n${said}`)
  }
  return found
}

/** What lines of one id say; each is a list of the fields that its statement names. */
export function parseLines(text: string): readonly unknown[] {
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as unknown)
}
