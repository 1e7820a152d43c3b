/** How much of a document we are willing to look at, so that one made to exhaust a stack or a memory is only refused. */

/** GitHub's document, the largest we know, is 25 levels deep and has 700,000 parts. */
const maxDepth = 200
const maxNodes = 5_000_000

export const tooLarge = `it is nested deeper than ${maxDepth} levels, has more than ${maxNodes} parts, or contains itself`

/** Also ends on a value that contains itself (a YAML alias can): it is nested without end. */
export function isBounded(value: unknown): boolean {
  let left = maxNodes
  const stack: unknown[] = [value]
  const depths: number[] = [0]
  while (stack.length > 0) {
    const node = stack.pop()
    const depth = depths.pop() ?? 0
    if (depth > maxDepth) return false
    if (typeof node !== 'object' || node === null) continue
    for (const part of Array.isArray(node) ? (node as unknown[]) : Object.values(node)) {
      if (--left < 0) return false
      if (typeof part !== 'object' || part === null) continue
      stack.push(part)
      depths.push(depth + 1)
    }
  }
  return true
}
