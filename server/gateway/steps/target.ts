/**
 * Reads a request target so strictly that no upstream can read it differently (RFC 3986 §3.3, RFC 9112 §3.2).
 *
 * Nothing is decoded and nothing is normalised: what is matched is what is forwarded. So everything that
 * another server might normalise is refused: dot segments, empty segments, encoded slashes and dots.
 */

const allowedInPath = charactersOf(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%",
)
/** Browsers leave brackets, braces, pipes and quotes of a query as they are; nobody reads them in two ways. */
const allowedInQuery = charactersOf(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&\'()*+,;=:@/%?[]{}|^`"',
)

function charactersOf(text: string): Uint8Array {
  const table = new Uint8Array(128)
  for (let i = 0; i < text.length; i++) table[text.charCodeAt(i)] = 1
  return table
}

/** Where the path of an acceptable target ends (its query or its end); -1 when the target is refused. */
export function endOfPath(target: string): number {
  if (target.charCodeAt(0) !== 0x2f) return -1
  const mark = target.indexOf('?')
  const end = mark === -1 ? target.length : mark
  let segment = 1
  for (let i = 1; i < end; i++) {
    const code = target.charCodeAt(i)
    if (code > 127 || allowedInPath[code] === 0) return -1
    if (code === 0x25 && !escapeIsHarmless(target, i, end)) return -1
    if (code !== 0x2f) continue
    if (i === segment || isDots(target, segment, i)) return -1
    segment = i + 1
  }
  if (isDots(target, segment, end)) return -1
  for (let i = end + 1; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code > 127 || allowedInQuery[code] === 0) return -1
  }
  return end
}

/** `.` and `..`, also with a parameter behind (`..;x`), which some servers cut off before they look. */
function isDots(target: string, from: number, to: number): boolean {
  if (target.charCodeAt(from) !== 0x2e || from >= to) return false
  const next = target.charCodeAt(from + 1) === 0x2e ? from + 2 : from + 1
  return next >= to || target.charCodeAt(next) === 0x3b
}

/** Refuses broken escapes and those of control characters, `.`, `/`, `\` and `%` itself (double encoding). */
function escapeIsHarmless(target: string, at: number, end: number): boolean {
  if (at + 2 >= end) return false
  const high = hexDigit(target.charCodeAt(at + 1))
  const low = hexDigit(target.charCodeAt(at + 2))
  if (high === -1 || low === -1) return false
  const byte = high * 16 + low
  return byte > 0x1f && byte !== 0x7f && byte !== 0x2e && byte !== 0x2f && byte !== 0x5c && byte !== 0x25
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x41 && code <= 0x46) return code - 0x37
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  return -1
}
