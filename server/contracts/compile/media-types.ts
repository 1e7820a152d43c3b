/** Media types of a contract, found by the `Content-Type` that was sent (RFC 9110 §8.3, §12.5.1). */

export type MediaRange<T> = { readonly range: string; readonly value: T }

/** `Application/JSON; charset=utf-8` → `application/json`; null when it is no media type. */
export function essenceOf(contentType: string): string | null {
  const end = contentType.indexOf(';')
  const essence = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
  return /^[^\s/,;]+\/[^\s/,;]+$/.test(essence) ? essence : null
}

/** Finds the most specific range: the type itself, then `text/*`, then any. */
export function mediaTypeFinder<T>(
  ranges: readonly MediaRange<T>[],
): (contentType: string | undefined) => T | undefined {
  const byRange = new Map<string, T>()
  for (const { range, value } of ranges) if (!byRange.has(range)) byRange.set(range, value)
  return (contentType) => {
    if (contentType === undefined) return undefined
    // Nearly every answer sends exactly what the contract says.
    const exact = byRange.get(contentType)
    if (exact !== undefined) return exact
    const essence = essenceOf(contentType)
    if (essence === null) return undefined
    return (
      byRange.get(essence) ?? byRange.get(`${essence.slice(0, essence.indexOf('/'))}/*`) ?? byRange.get('*/*')
    )
  }
}

export const isJson = (essence: string): boolean =>
  essence === 'application/json' || essence.endsWith('+json')

const jsonLines: ReadonlySet<string> = new Set([
  'application/jsonl',
  'application/jsonlines',
  'application/ndjson',
  'application/x-jsonl',
  'application/x-jsonlines',
  'application/x-ndjson',
])

export const isJsonLines = (essence: string): boolean => jsonLines.has(essence)
