/** Path templates, segment by segment: `projects`, `{id}`, and mixtures such as `{id}.json` or `{id}:archive`. */

/** Text that stands between variables: `['', '.json']` for `{id}.json`. Its first and last may be empty. */
export type Pattern = readonly string[]

export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'pattern'; readonly text: string; readonly pattern: Pattern }
  | { readonly kind: 'variable' }

const variable = /\{[^{}]*\}/

export function parseTemplate(template: string): readonly Segment[] {
  return template
    .slice(1)
    .split('/')
    .map((text): Segment => {
      const pattern = text.split(variable)
      if (pattern.length === 1) return { kind: 'literal', text }
      if (pattern.length === 2 && pattern[0] === '' && pattern[1] === '') return { kind: 'variable' }
      return { kind: 'pattern', text: pattern.join('{}'), pattern }
    })
}

/**
 * Appends what the variables hold to `into`; false, and nothing appended, when the segment does not match. A
 * variable holds at least one character, and no more than it must. Linear: no expression that backtracks.
 */
export function capture(pattern: Pattern, segment: string, into: string[]): boolean {
  const first = pattern[0]!
  const last = pattern[pattern.length - 1]!
  if (!segment.startsWith(first) || !segment.endsWith(last)) return false
  const mark = into.length
  const end = segment.length - last.length
  let at = first.length
  for (let i = 1; i < pattern.length; i++) {
    const isLast = i === pattern.length - 1
    const stop = isLast ? end : segment.indexOf(pattern[i]!, at + 1)
    if (stop <= at || stop > end) {
      into.length = mark
      return false
    }
    into.push(segment.slice(at, stop))
    at = stop + pattern[i]!.length
  }
  return true
}

const ranks = { literal: 0, pattern: 1, variable: 2 } as const

/** Below zero: `a` is looked at first. Concrete paths come before templated ones (OpenAPI 3.1 §4.8.8), from the left. */
export function compareTemplates(a: readonly Segment[], b: readonly Segment[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareSegments(a[i]!, b[i]!)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Of two patterns the one with more text of its own comes first: `{id}.tar.gz` before `{id}.gz`. */
function compareSegments(a: Segment, b: Segment): number {
  if (a.kind !== 'pattern' || b.kind !== 'pattern') return ranks[a.kind] - ranks[b.kind]
  return textOf(b.pattern) - textOf(a.pattern) || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)
}

function textOf(pattern: Pattern): number {
  return pattern.reduce((sum, text) => sum + text.length, 0)
}
