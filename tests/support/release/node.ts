/** How tests read an OpenAPI document. */

export type Node = { readonly [word: string]: unknown }

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function own(node: Node, word: string): unknown {
  return Object.hasOwn(node, word) ? node[word] : undefined
}

export function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

export function target(document: Node, ref: unknown): Node {
  let found: unknown = document
  for (const token of String(ref).slice(2).split('/')) {
    found = own(found as Node, decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  return found as Node
}

/** What a discriminator calls a branch: the last segment of its reference, and whatever is mapped to it. */
export function namesOf(discriminator: Node, branch: Node): string[] {
  const ref = String(branch['$ref'])
  const mapping = Object.entries((own(discriminator, 'mapping') ?? {}) as Node)
  return [...mapping.filter(([, to]) => to === ref).map(([name]) => name), ref.split('/').at(-1)!]
}
