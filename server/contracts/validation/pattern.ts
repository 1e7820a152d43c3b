/** Patterns of a contract, run on texts of strangers. */

/** `RegExp` in Unicode mode as JSON Schema asks, without it where an older pattern only works so. */
export function compilePattern(source: string): { test(text: string): boolean } {
  try {
    return new RegExp(source, 'u')
  } catch {
    return new RegExp(source)
  }
}
