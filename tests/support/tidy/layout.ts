/** Where a file stands in the house that `tests/architecture.ts` draws. */

import { features, floors, roof } from '../../architecture.ts'

/** A closed thing with one door: a feature, or an area that has no features. */
export type Unit = {
  readonly area: string
  /** Null for files that stand in the area itself. */
  readonly feature: string | null
  readonly door: string
}

export type Place =
  | { readonly kind: 'unit'; readonly unit: Unit }
  /** `main.ts` and `app.ts`. */
  | { readonly kind: 'roof' }
  /** `server/<area>/<area>.ts` of an area with features: gathers them for the wiring. */
  | { readonly kind: 'manifest'; readonly area: string }
  /** Everything that is not the server: `tests`, `bench`, `scripts`, `web`, … */
  | { readonly kind: 'outside'; readonly folder: string }
  | { readonly kind: 'unknown'; readonly reason: string }

export function floorOf(area: string): number {
  return floors.findIndex((areas) => areas.includes(area))
}

/** Position of a feature among those of its area; the area's own files come after all of them. */
export function orderOf({ area, feature }: Unit): number {
  const listed = features[area] ?? []
  return feature === null ? listed.length : listed.indexOf(feature)
}

export function placeOf(path: string): Place {
  const [top = '', area = '', next = '', ...rest] = path.split('/')
  if (top !== 'server') return { kind: 'outside', folder: top }
  if (next === '') {
    return roof.includes(area)
      ? { kind: 'roof' }
      : { kind: 'unknown', reason: `stands beside ${roof.join(' and ')}; a file belongs to an area` }
  }
  if (floorOf(area) === -1) return { kind: 'unknown', reason: `the area "${area}" stands on no floor` }
  const listed = features[area] ?? []
  if (listed.length === 0) return { kind: 'unit', unit: areaUnit(area) }
  if (rest.length === 0) {
    const manifest = next === `${area}.ts` || next === `${area}.test.ts`
    return manifest ? { kind: 'manifest', area } : { kind: 'unit', unit: areaUnit(area) }
  }
  if (!listed.includes(next)) {
    return { kind: 'unknown', reason: `the feature "${next}" is not listed among those of ${area}` }
  }
  return { kind: 'unit', unit: { area, feature: next, door: `server/${area}/${next}/${next}.ts` } }
}

function areaUnit(area: string): Unit {
  return { area, feature: null, door: `server/${area}/${area}.ts` }
}

export function sameUnit(one: Unit, other: Unit): boolean {
  return one.area === other.area && one.feature === other.feature
}
