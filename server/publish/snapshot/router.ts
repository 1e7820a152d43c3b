/**
 * Method and path become a route: a tree of segments, literals before patterns before variables, with a way
 * back where the more concrete branch comes to nothing. The path decides first and the method after it, so a
 * concrete path never falls through to a templated one for want of a method.
 */
import type { Match, Route } from '#/gateway/gateway.ts'
import { fold, otherReadings } from '#/publish/snapshot/readings.ts'
import { capture, compareTemplates, parseTemplate } from '#/publish/snapshot/template.ts'
import type { Pattern, Segment } from '#/publish/snapshot/template.ts'

/** A path with everything that is served under it. */
type Place = {
  readonly segments: readonly Segment[]
  readonly routes: Map<string, Route>
  /** A more concrete path could be read out of one of its variables. */
  contested: boolean
}

type Branch = {
  readonly literals: Map<string, Branch>
  readonly patterns: { readonly text: string; readonly pattern: Pattern; readonly branch: Branch }[]
  variable: Branch | null
  place: Place | null
}

export type Router = {
  readonly match: (method: string, path: string) => Match
  readonly routes: readonly Route[]
}

const none: Match = { kind: 'none' }

/** `hidden` says of a route, whenever it is asked, that nobody may know of it; it is left out of `allow`. */
export function createRouter(routes: readonly Route[], hidden: (route: Route) => boolean): Router {
  const places = placesOf(routes)
  const tree = grow(places, (text) => text)
  const folded = grow(places, fold)
  const rivals = (place: Place, path: string): boolean =>
    otherReadings(path).some((reading) => {
      const read = find(folded, reading, 1, [])
      return read !== null && compareTemplates(read.segments, place.segments) < 0
    })
  return {
    routes,
    match(method, path) {
      const captured: string[] = []
      const place = find(tree, path, 1, captured)
      if (place === null || (place.contested && rivals(place, path))) return none
      const route = place.routes.get(method)
      if (route !== undefined) return { kind: 'found', route, path: captured }
      const visible = [...place.routes].filter(([, other]) => !hidden(other))
      return { kind: 'other-method', allow: visible.map(([name]) => name) }
    },
  }
}

/** In the order of concreteness. Of two routes with the same method and path the first stays; nobody may declare them. */
function placesOf(routes: readonly Route[]): readonly Place[] {
  const byPath = new Map<string, Place>()
  for (const route of routes) {
    const { path, method } = route.operation
    // Names of variables do not matter: what answers the same paths is one place.
    const key = path.replaceAll(/\{[^{}]*\}/g, '{}')
    const known = byPath.get(key)
    const place = known ?? { segments: parseTemplate(path), routes: new Map(), contested: false }
    if (!known) byPath.set(key, place)
    if (!place.routes.has(method)) place.routes.set(method, route)
  }
  return [...byPath.values()].toSorted((a, b) => compareTemplates(a.segments, b.segments))
}

/** `write` puts the text of a template into the form that paths are looked up in. */
function grow(places: readonly Place[], write: (text: string) => string): Branch {
  const root = newBranch()
  for (const place of places) {
    let branch = root
    for (const segment of place.segments) {
      // Places come concrete ones first, so what stands beside a variable stands there already.
      if (segment.kind !== 'literal' && (branch.literals.size > 0 || branch.patterns.length > 0)) {
        place.contested = true
      }
      branch = descend(branch, segment, write)
    }
    branch.place ??= place
  }
  return root
}

function newBranch(): Branch {
  return { literals: new Map(), patterns: [], variable: null, place: null }
}

function descend(branch: Branch, segment: Segment, write: (text: string) => string): Branch {
  if (segment.kind === 'variable') return (branch.variable ??= newBranch())
  const text = write(segment.text)
  if (segment.kind === 'literal') {
    const known = branch.literals.get(text)
    if (known) return known
    const made = newBranch()
    branch.literals.set(text, made)
    return made
  }
  const known = branch.patterns.find((other) => other.text === text)
  if (known) return known.branch
  const made = { text, pattern: segment.pattern.map(write), branch: newBranch() }
  branch.patterns.push(made)
  return made.branch
}

/** Visits each branch at most once: every way leads to it by one path only. */
function find(branch: Branch, path: string, from: number, captured: string[]): Place | null {
  if (from > path.length) return branch.place
  const slash = path.indexOf('/', from)
  const end = slash === -1 ? path.length : slash
  const segment = path.slice(from, end)
  const literal = branch.literals.get(segment)
  if (literal !== undefined) {
    const place = find(literal, path, end + 1, captured)
    if (place !== null) return place
  }
  const mark = captured.length
  for (const { pattern, branch: next } of branch.patterns) {
    if (!capture(pattern, segment, captured)) continue
    const place = find(next, path, end + 1, captured)
    if (place !== null) return place
    captured.length = mark
  }
  if (branch.variable === null || segment === '') return null
  captured.push(segment)
  const place = find(branch.variable, path, end + 1, captured)
  if (place === null) captured.length = mark
  return place
}
