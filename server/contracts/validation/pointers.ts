/** Finds its way in a document by JSON Pointer (RFC 6901), because everything we say of a contract names a place in it. */

export type Tree = Readonly<Record<string, unknown>>

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own property; a document may name its things `constructor` or `toString`. */
export function own(tree: Tree, key: string): unknown {
  return Object.hasOwn(tree, key) ? tree[key] : undefined
}

/** The pointer of a member, as a URI fragment that stays readable: only what RFC 6901 §3 asks for is escaped. */
export function member(pointer: string, key: string | number): string {
  const segment = String(key)
  return `${pointer}/${/[~/]/.test(segment) ? segment.replaceAll('~', '~0').replaceAll('/', '~1') : segment}`
}

/** The value at `#/a/0`; undefined when there is none or the pointer is no pointer. */
export function valueAt(document: unknown, pointer: string): unknown {
  if (pointer === '#') return document
  if (!pointer.startsWith('#/')) return undefined
  let at: unknown = document
  for (const raw of pointer.slice(2).split('/')) {
    const key = segmentOf(raw)
    if (key === undefined) return undefined
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(key) ? (at as unknown[])[Number(key)] : undefined
    else if (isTree(at)) at = own(at, key)
    else return undefined
  }
  return at
}

function segmentOf(raw: string): string | undefined {
  let text = raw
  if (raw.includes('%')) {
    try {
      text = decodeURIComponent(raw)
    } catch {
      return undefined
    }
  }
  return text.includes('~') ? text.replaceAll('~1', '/').replaceAll('~0', '~') : text
}

export type Place = { readonly node: unknown; readonly pointer: string }

export type LostReference = {
  readonly code: 'external_ref' | 'unresolved_ref' | 'ref_cycle'
  readonly ref: string
}

/** The `$ref` of a node, or undefined. */
export function reference(node: unknown): string | undefined {
  if (!isTree(node)) return undefined
  const ref = own(node, '$ref')
  return typeof ref === 'string' ? ref : undefined
}

/** Follows a chain of `$ref` to the node that is not a reference; says which reference is lost where one is. */
export function follow(document: unknown, start: Place): Place | LostReference {
  let place = start
  const seen = new Set<unknown>()
  for (let ref = reference(place.node); ref !== undefined; ref = reference(place.node)) {
    if (seen.has(place.node)) return { code: 'ref_cycle', ref }
    seen.add(place.node)
    const next = target(document, ref)
    if ('code' in next) return next
    place = next
  }
  return place
}

/** What one `$ref` points at. */
export function target(document: unknown, ref: string): Place | LostReference {
  if (!ref.startsWith('#')) return { code: 'external_ref', ref }
  const node = valueAt(document, ref)
  return node === undefined ? { code: 'unresolved_ref', ref } : { node, pointer: ref }
}

export const isLost = (found: Place | LostReference): found is LostReference => 'code' in found

/** The node at the end of the references, or undefined when they lead nowhere. */
export function resolved(document: unknown, node: unknown): unknown {
  const found = follow(document, { node, pointer: '' })
  return isLost(found) ? undefined : found.node
}
