/** One text for one document, whatever the order of its members, so that its SHA-256 names what it says (RFC 8785). */
import { createHash } from 'node:crypto'

/** Hex. Walks once, without building the text of a large document in one piece. */
export function canonicalSha256(value: unknown): string {
  const hash = createHash('sha256')
  let pending = ''
  const write = (text: string): void => {
    pending += text
    if (pending.length < 65_536) return
    hash.update(pending)
    pending = ''
  }
  writeCanonical(value, write)
  return hash.update(pending).digest('hex')
}

function writeCanonical(value: unknown, write: (text: string) => void): void {
  if (Array.isArray(value)) {
    write('[')
    value.forEach((item: unknown, i) => {
      if (i > 0) write(',')
      writeCanonical(item, write)
    })
    write(']')
  } else if (typeof value === 'object' && value !== null) {
    write('{')
    let isFirst = true
    // The default order of strings is by UTF-16 code units, as RFC 8785 §3.2.3 asks.
    for (const key of Object.keys(value).toSorted()) {
      const one = (value as Record<string, unknown>)[key]
      if (one === undefined) continue
      write(`${isFirst ? '' : ','}${JSON.stringify(key)}:`)
      writeCanonical(one, write)
      isFirst = false
    }
    write('}')
  } else write(JSON.stringify(value) ?? 'null')
}
