/**
 * What a file declares, as things with fields, in one form for all three that are compared: what the file says, what
 * it said when it was last applied, and what runs.
 */

/** In the order in which they are applied: each needs only those before it. */
export const kinds = [
  'provider',
  'upstreams',
  'contracts',
  'gates',
  'capabilities',
  'packages',
  'partners',
] as const

export type Kind = (typeof kinds)[number]

/** By name, `entitlements.designs`; plain JSON values. A field that is not there says nothing. */
export type Fields = Readonly<Record<string, unknown>>

export type Thing = {
  readonly kind: Kind
  readonly name: string
  readonly fields: Fields
  /** Under what the audit knows it; of what runs. */
  readonly subject?: { readonly kind: string; readonly id: string }
}

/** By path, `packages.pro`. */
export type Things = ReadonlyMap<string, Thing>

/** Why something of a file cannot be applied, and where it stands. */
export type Refusal = { readonly path: string; readonly message: string }

export function pathOf({ kind, name }: Pick<Thing, 'kind' | 'name'>): string {
  return kind === 'provider' ? kind : `${kind}.${name}`
}

export function thingsOf(things: readonly Thing[]): Things {
  return new Map(things.map((thing) => [pathOf(thing), thing]))
}

/** Those of one kind. */
export function ofKind(things: Things, kind: Kind): readonly Thing[] {
  return [...things.values()].filter((thing) => thing.kind === kind)
}

/** The fields below a name: of `entitlements`, those of `entitlements.designs` as `designs`. */
export function fieldsBelow(fields: Fields, name: string): Fields {
  const start = `${name}.`
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => key.startsWith(start))
      .map(([key, value]) => [key.slice(start.length), value]),
  )
}

/** The other way. */
export function fieldsUnder(name: string, below: Fields): Fields {
  return Object.fromEntries(Object.entries(below).map(([key, value]) => [`${name}.${key}`, value]))
}
