/** Where somebody is led after signing in: into our own pages, whatever a link asked for. */

/** Where nothing else is said. */
export const home = '/portal/'

/**
 * The path when it is one of our pages, else `home`. Only what every browser reads as a path here passes: it begins
 * with the first segment of `within`, has no `//`, no backslash (which browsers take for a slash) and no control
 * character (which they drop), encoded or not, and no `..` that leads out.
 */
export function safeReturnPath(text: string, within = home): string {
  const base = within.replace(/\/$/, '')
  const [path = ''] = text.split(/[?#]/, 1)
  const plain = /^\/[\w\-.~!$&'()*+,;=:@%/?#[\]]*$/.test(text) && text.length <= 2000
  const inside = path === base || path.startsWith(`${base}/`)
  if (!plain || !inside || text.includes('//') || /%(?:[01].|2f|5c|7f)/i.test(path)) return within
  // Dots, also encoded ones, are walked as a browser walks them.
  const url = new URL(text, 'https://own.invalid')
  const walked = url.origin === 'https://own.invalid' && url.pathname === path
  return walked ? text : within
}
