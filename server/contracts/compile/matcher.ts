/**
 * Finds the operation of a method and a path. Literal segments win over mixed ones (`{base}...{head}`), those
 * over variables, from left to right; a method is matched with its own templates only, so that `GET /users/me`
 * does not hide `DELETE /users/{id}`.
 */

export type Served<T> = { readonly method: string; readonly path: string; readonly value: T }

export type Matched<T> =
  /** `path` holds what the variables captured, in the order of the template, percent-encoded as it was sent. */
  | { readonly kind: 'found'; readonly value: T; readonly path: readonly string[] }
  /** The path is known with other methods. */
  | { readonly kind: 'other-method'; readonly allow: readonly string[] }
  | { readonly kind: 'none' }

export type Matcher<T> = (method: string, path: string) => Matched<T>

type Node<T> = {
  readonly literals: Map<string, Node<T>>
  readonly mixed: { readonly parts: readonly string[]; readonly node: Node<T> }[]
  variable: Node<T> | null
  end: { readonly value: T } | null
}

const none = { kind: 'none' } as const

export function createMatcher<T>(served: readonly Served<T>[]): Matcher<T> {
  const roots = new Map<string, Node<T>>()
  for (const one of served) {
    const root = roots.get(one.method) ?? emptyNode<T>()
    roots.set(one.method, root)
    plant(root, one)
  }
  return (method, path) => {
    const segments = path.slice(1).split('/')
    const root = roots.get(method)
    if (root !== undefined) {
      const captured: string[] = []
      const end = find(root, segments, 0, captured)
      if (end !== null) return { kind: 'found', value: end.value, path: captured }
    }
    const allow = [...roots].flatMap(([other, node]) => (find(node, segments, 0, []) === null ? [] : [other]))
    return allow.length === 0 ? none : { kind: 'other-method', allow: allow.toSorted() }
  }
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), mixed: [], variable: null, end: null }
}

function plant<T>(root: Node<T>, { path, value }: Served<T>): void {
  let node = root
  for (const segment of path.slice(1).split('/')) node = childFor(node, segment)
  // The first one stands; a contract with two is refused before (paths.ts).
  node.end ??= { value }
}

function childFor<T>(node: Node<T>, segment: string): Node<T> {
  const parts = segment.split(/\{[^{}]*\}/)
  if (parts.length === 1) {
    const next = node.literals.get(segment) ?? emptyNode<T>()
    node.literals.set(segment, next)
    return next
  }
  if (parts.every((part) => part === '')) return (node.variable ??= emptyNode<T>())
  const known = node.mixed.find((one) => one.parts.join('{}') === parts.join('{}'))
  if (known !== undefined) return known.node
  const next = { parts, node: emptyNode<T>() }
  node.mixed.push(next)
  // The one that says more is tried first.
  node.mixed.sort((a, b) => b.parts.join('').length - a.parts.join('').length)
  return next.node
}

function find<T>(node: Node<T>, segments: readonly string[], at: number, captured: string[]): Node<T>['end'] {
  const segment = segments[at]
  if (segment === undefined) return node.end
  const literal = node.literals.get(segment)
  if (literal !== undefined) {
    const end = find(literal, segments, at + 1, captured)
    if (end !== null) return end
  }
  const before = captured.length
  for (const { parts, node: next } of node.mixed) {
    if (!capture(segment, parts, captured)) continue
    const end = find(next, segments, at + 1, captured)
    if (end !== null) return end
    captured.length = before
  }
  if (node.variable === null || segment === '') return null
  captured.push(segment)
  const end = find(node.variable, segments, at + 1, captured)
  if (end === null) captured.length = before
  return end
}

/** `a...b` by `['', '...', '']` → a, b: each literal is taken where it first stands, each variable takes something. */
function capture(segment: string, parts: readonly string[], captured: string[]): boolean {
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (!segment.startsWith(first) || !segment.endsWith(last)) return false
  const before = captured.length
  const end = segment.length - last.length
  let from = first.length
  for (const part of parts.slice(1, -1)) {
    const to = segment.indexOf(part, from + 1)
    if (to === -1 || to + part.length > end) break
    captured.push(segment.slice(from, to))
    from = to + part.length
  }
  if (from < end) captured.push(segment.slice(from, end))
  if (captured.length - before === parts.length - 1) return true
  captured.length = before
  return false
}
