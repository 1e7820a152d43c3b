/** A person as others see it: the row, opened. */
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { PersonRow } from '#/identity/people/store.ts'

export type Person = {
  readonly id: string
  /** Null when the person was erased. */
  readonly email: string | null
  readonly name: string | null
  /** BCP 47: in which language we write to the person. */
  readonly locale: string
  readonly state: 'active' | 'disabled'
  readonly createdAt: Date
  readonly erasedAt: Date | null
}

/** Where a sealed value stands; it opens nowhere else. */
export function place(column: 'email' | 'name', personId: string): string {
  return `identity_person.${column}:${personId}`
}

export function readPerson(sealer: Sealer, row: PersonRow): Person {
  const { id, locale, state, createdAt, erasedAt } = row
  const open = (column: 'email' | 'name') => {
    const sealed = row[column]
    return sealed === null ? null : sealer.open(sealed, place(column, id))
  }
  return { id, email: open('email'), name: open('name'), locale, state, createdAt, erasedAt }
}
