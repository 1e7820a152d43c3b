/**
 * How another server could read a path. We forward a path as it was sent; an upstream may decode it, fold its
 * case (Express does unless told otherwise), cut off `;parameters` (Java servers) or an extension (Rails). So
 * `/projects/%65xport` must not pass as `/projects/{id}` where `/projects/export` is an operation of its own,
 * perhaps one that this partner may not call.
 */

/** The path as the most lenient servers read it; empty when there is no other reading than the one sent. */
export function otherReadings(path: string): readonly string[] {
  const folded = fold(path)
  const cut = folded.replace(/(?<=[^/])\.[^./]*$/, '')
  if (cut !== folded) return folded === path ? [cut] : [folded, cut]
  return folded === path ? [] : [folded]
}

/** Also used on the text of templates, so that both sides are folded alike. */
export function fold(path: string): string {
  const plain = path.includes('%') ? decode(path) : path
  const lower = plain.toLowerCase()
  return lower.includes(';') ? lower.replaceAll(/;[^/]*/g, '') : lower
}

/** Segment by segment: bytes that are no UTF-8 leave theirs as it is, and a slash cannot come out of one. */
function decode(path: string): string {
  return path
    .split('/')
    .map((segment) => {
      try {
        return decodeURIComponent(segment).trim().replaceAll('/', '%2f')
      } catch {
        return segment
      }
    })
    .join('/')
}
