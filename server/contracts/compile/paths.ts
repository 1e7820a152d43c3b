/** Paths of a contract: where they begin, which of them are ours already, and which two would be one. */
import type { Report } from '#/contracts/compile/report.ts'
import { isTree, member, own, type Tree } from '#/contracts/validation/validation.ts'

/** Answered by Portico itself, exactly and below; a contract cannot have them (DESIGN: one request, top to bottom). */
export const reservedPaths = ['/partner', '/oauth', '/portal', '/healthz', '/readyz', '/.well-known'] as const

export type PathTemplate = {
  /** With the path of the server in front. */
  readonly path: string
  /** Names of the variables from left to right. */
  readonly variables: readonly string[]
}

/** Path of the first server, without a slash at its end; '' when there is none. */
export function serverPrefix(document: Tree, report: Report): string {
  const servers = own(document, 'servers')
  if (servers === undefined) return ''
  if (!Array.isArray(servers)) {
    report.refuse('#/servers', 'malformed', 'servers must be a list')
    return ''
  }
  const prefixes = servers.map((server: unknown, i) => prefixOf(server, member('#/servers', i), report))
  const first = prefixes[0] ?? ''
  prefixes.forEach((prefix, i) => {
    if (prefix !== first) {
      report.note(
        member('#/servers', i),
        'server_ignored',
        'only the first server gives the paths their beginning',
      )
    }
  })
  return first
}

function prefixOf(server: unknown, pointer: string, report: Report): string {
  const url = isTree(server) ? own(server, 'url') : undefined
  if (!isTree(server) || typeof url !== 'string') {
    report.refuse(pointer, 'malformed', 'a server must have a url')
    return ''
  }
  const variables = own(server, 'variables')
  const filled = url.replaceAll(/\{([^{}]*)\}/g, (_all, name: string) => {
    const variable = isTree(variables) ? own(variables, name) : undefined
    const value = isTree(variable) ? own(variable, 'default') : undefined
    return typeof value === 'string' ? value : '{}'
  })
  if (filled.includes('{')) {
    report.refuse(member(pointer, 'url'), 'server_url', 'a variable of the url has no default')
    return ''
  }
  const parsed = URL.parse(filled, 'http://server.invalid/')
  if (parsed === null) {
    report.refuse(member(pointer, 'url'), 'server_url', 'the url cannot be read')
    return ''
  }
  return parsed.pathname.replace(/\/+$/, '')
}

/** The template with its prefix, or null when it was refused. */
export function readTemplate(
  template: string,
  prefix: string,
  pointer: string,
  report: Report,
): PathTemplate | null {
  const refuse = (message: string): null => {
    report.refuse(pointer, 'path_template', message)
    return null
  }
  if (!template.startsWith('/')) return refuse('a path must start with a slash')
  if (/[?#\s\\]/.test(template)) return refuse('a path holds neither query, fragment, spaces nor backslashes')
  const path = `${prefix}${template}`
  const variables: string[] = []
  const segments = path.slice(1).split('/')
  for (const [i, segment] of segments.entries()) {
    const names = [...segment.matchAll(/\{([^{}]+)\}/g)].map(([, name = '']) => name)
    if (/[{}]/.test(segment.replaceAll(/\{[^{}]+\}/g, ''))) return refuse('its braces do not match')
    if (segment.includes('}{')) return refuse('between two variables there must be something that parts them')
    for (const name of names) {
      if (variables.includes(name)) return refuse(`the variable ${name} stands in it twice`)
      variables.push(name)
    }
    if (segment === '' && i < segments.length - 1) return refuse('a segment is empty')
    if (/^(\.|%2e){1,2}$/i.test(segment)) return refuse('a path cannot hold dot segments')
  }
  return { path, variables }
}

/** Refuses paths that Portico answers itself. A variable in the first place could be any of them. */
export function refuseReserved(path: string, pointer: string, report: Report): void {
  const [first = ''] = path.slice(1).split('/')
  if (first.includes('{')) {
    report.refuse(
      pointer,
      'reserved_path',
      `its first segment is variable and could be one of ${reservedPaths.join(', ')}`,
    )
    return
  }
  const taken = reservedPaths.find((reserved) => `/${decoded(first)}` === reserved)
  if (taken !== undefined) report.refuse(pointer, 'reserved_path', `${taken} is answered by Portico itself`)
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment).toLowerCase()
  } catch {
    return segment
  }
}

/** Operations of one method whose templates match the same paths; the names of variables make no difference. */
export function refuseSame(
  operations: readonly { readonly method: string; readonly path: string; readonly pointer: string }[],
  report: Report,
): void {
  const firstOf = new Map<string, string>()
  for (const { method, path, pointer } of operations) {
    const matched = `${method} ${path.replaceAll(/\{[^{}]*\}/g, '{}')}`
    const first = firstOf.get(matched)
    if (first === undefined) firstOf.set(matched, path)
    else report.refuse(pointer, 'ambiguous_path', `it matches the same requests as ${first}`)
  }
}
