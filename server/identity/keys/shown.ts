/** A key as its partner sees it: never its text but once, and nothing it could be made from. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { CreatedKey, Key } from '#/identity/keys/keys.ts'
import { publicId } from '#/kernel/id/id.ts'

const Nullable = Type.Union
export const Time = Type.String({ format: 'date-time' })
export const TimeOrNull = Nullable([Time, Type.Null()])
const list = (description: string, most: number) =>
  Nullable([Type.Array(Type.String({ maxLength: most }), { maxItems: 50 }), Type.Null()], { description })
export const scopes = list('What it may be used for; null: everything the application is entitled to.', 100)
export const networks = list(
  'Addresses and ranges (`203.0.113.0/24`) it may be used from; null: from anywhere.',
  60,
)
export const expiresAt = Nullable([Time, Type.Null()], {
  description: 'From then on it is refused; null: never.',
})

const shown = {
  id: Type.String(),
  application: Type.String(),
  label: Type.String(),
  lastFour: Type.String({ description: 'The last characters of its text, to tell keys apart.' }),
  createdAt: Time,
  expiresAt,
  revokedAt: TimeOrNull,
  revokedReason: Nullable([Type.String(), Type.Null()]),
  lastUsedAt: Nullable([Time, Type.Null()], { description: 'To about a minute.' }),
  scopes,
  networks,
}
export const ShownKey = Type.Object(shown)
export const NewKey = Type.Object({
  ...shown,
  key: Type.String({ description: 'Its text. It is told now and never again.' }),
})
export const KeyList = Type.Object({
  data: Type.Array(ShownKey),
  nextCursor: Nullable([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
})
export function present(key: Key): Static<typeof ShownKey> {
  const text = (time: Date | null) => time?.toISOString() ?? null
  return {
    id: publicId('key', key.id),
    application: publicId('app', key.applicationId),
    label: key.label,
    lastFour: key.lastFour,
    createdAt: key.createdAt.toISOString(),
    expiresAt: text(key.expiresAt),
    revokedAt: text(key.revokedAt),
    revokedReason: key.revokedReason,
    lastUsedAt: text(key.lastUsedAt),
    scopes: key.scopes === null ? null : [...key.scopes],
    networks: key.networks === null ? null : [...key.networks],
  }
}

export function presentNew(key: CreatedKey): Static<typeof NewKey> {
  return { ...present(key), key: key.key }
}
