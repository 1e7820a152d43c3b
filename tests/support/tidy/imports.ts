/** The one import rule: down a floor, or to a feature listed earlier in the same area, and always through a door. */

import { posix } from 'node:path'
import { surfaces } from '../../architecture.ts'
import { floorOf, orderOf, placeOf, sameUnit } from './layout.ts'
import type { Place, Unit } from './layout.ts'
import { isCode, isTest, parse } from './source.ts'
import type { Source } from './source.ts'

/** These look at the server from outside: any door, the manifests and the roof. */
const onlookers: readonly string[] = ['tests', 'bench', 'scripts']

/** These speak HTTP with the server, as partners and providers do. */
const strangers: readonly string[] = ['web', 'sdk', 'examples']

/** One sentence for each import that does not hold to the rule, and for each file that stands nowhere. */
export function importFindings(sources: readonly Source[]): readonly string[] {
  const server = sources.filter(({ path }) => path.startsWith('server/'))
  const homeless = server.flatMap(({ path }) => {
    const place = placeOf(path)
    return place.kind === 'unknown' ? [`${path}: ${place.reason}`] : []
  })
  return [...homeless, ...sources.filter(isCode).flatMap(findingsOf)]
}

function findingsOf(source: Source): readonly string[] {
  return parse(source).imports.flatMap(({ specifier, line }) => {
    const target = resolve(source.path, specifier)
    if (target === null) return []
    const objection = objectionTo(source, target)
    return objection === null ? [] : [`${source.path}:${line} -> ${target}: ${objection}`]
  })
}

/** Path of what is imported, from the root; null for a package or a module of Node. */
function resolve(from: string, specifier: string): string | null {
  if (specifier.startsWith('#/')) return `server/${specifier.slice(2)}`
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  return null
}

function objectionTo(source: Source, target: string): string | null {
  const from = placeOf(source.path)
  const to = placeOf(target)
  if (to.kind === 'unknown') return to.reason
  if (to.kind === 'outside') return objectionToOutside(source, from, to.folder)
  if (from.kind === 'outside') return objectionFromOutside(source, from.folder, target, to)
  if (from.kind === 'roof' || from.kind === 'unknown') return unlessDoor(target, to)
  if (to.kind === 'roof') return 'the roof is imported by no one'
  if (to.kind === 'manifest') {
    return from.kind === 'manifest' && from.area === to.area
      ? null
      : 'a manifest is imported only by the roof'
  }
  if (from.kind === 'manifest')
    return from.area === to.unit.area
      ? isSurface(target, to.unit)
        ? null
        : unlessDoor(target, to)
      : objectionBetween(source, manifestUnit(from.area), to.unit, target)
  return sameUnit(from.unit, to.unit) ? null : objectionBetween(source, from.unit, to.unit, target)
}

function objectionToOutside(source: Source, from: Place, folder: string): string | null {
  if (from.kind === 'outside' || folder === 'package.json') return null
  if (isTest(source) && folder === 'tests') return null
  return `the server does not know ${folder}/`
}

function objectionFromOutside(source: Source, folder: string, target: string, to: Place): string | null {
  if (strangers.includes(folder) && !(folder === 'examples' && isTest(source))) {
    return `${folder}/ never imports the server; it speaks HTTP`
  }
  if (onlookers.includes(folder) || folder === 'examples') return unlessDoor(target, to)
  return `${folder}/ has no business in the server`
}

function unlessDoor(target: string, to: Place): string | null {
  if (to.kind !== 'unit' || target === to.unit.door) return null
  return `only the door ${to.unit.door} may be imported`
}

/** What a feature shows to the outside world beside its door; it stands right in the feature's folder. */
function isSurface(target: string, unit: Unit): boolean {
  return unit.feature !== null && surfaces.includes(posix.relative(posix.dirname(unit.door), target))
}

/** The direction, then the door. A test beside the code may look at any feature of its own area. */
function objectionBetween(source: Source, from: Unit, to: Unit, target: string): string | null {
  const name = ({ area, feature }: Unit): string => (feature === null ? area : `${area}/${feature}`)
  if (from.area === to.area) {
    if (!isTest(source) && orderOf(to) >= orderOf(from)) return `${name(from)} is listed before ${name(to)}`
  } else if (floorOf(to.area) >= floorOf(from.area)) {
    return `${from.area} may not look up or sideways at ${to.area}`
  }
  return unlessDoor(target, { kind: 'unit', unit: to })
}

function manifestUnit(area: string): Unit {
  return { area, feature: null, door: `server/${area}/${area}.ts` }
}
