/** Who owns which table: `<area>_<noun>`, written only by its area, referring only downwards. */

import { floors } from '../../architecture.ts'
import { floorOf } from './layout.ts'
import { isCode, isTest, parse } from './source.ts'
import type { Source } from './source.ts'

/** A name as it stands in SQL: schema and quotes are optional, `$` is a substitution of a template. */
const name = String.raw`((?:"?[a-z_$][\w$]*"?\.)?"?[a-z_$][\w$]*"?)`

/** The last part makes sure that it is SQL and not a sentence ("update the …"). */
const statements: readonly { readonly verb: string; readonly pattern: RegExp }[] = [
  {
    verb: 'creates',
    pattern: new RegExp(
      String.raw`\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?${name}\s*(?:\(|as\b|partition\b)`,
      'gi',
    ),
  },
  {
    verb: 'inserts into',
    pattern: new RegExp(
      String.raw`\binsert\s+into\s+${name}\s*(?:\(|as\b|select\b|values\b|default\b)`,
      'gi',
    ),
  },
  {
    verb: 'updates',
    pattern: new RegExp(String.raw`\bupdate\s+(?:only\s+)?${name}\s+(?:(?:as\s+)?[a-z_]\w*\s+)?set\b`, 'gi'),
  },
  {
    verb: 'deletes from',
    pattern: new RegExp(
      String.raw`\bdelete\s+from\s+(?:only\s+)?${name}\s*(?:$|;|where\b|using\b|returning\b|as\b|[a-z_]\w*\s+(?:where|using)\b)`,
      'gi',
    ),
  },
  {
    verb: 'merges into',
    pattern: new RegExp(String.raw`\bmerge\s+into\s+${name}\s+(?:as\s+\w+\s+|\w+\s+)?using\b`, 'gi'),
  },
  { verb: 'copies into', pattern: new RegExp(String.raw`\bcopy\s+${name}\s*(?:\([^)]*\)\s*)?from\b`, 'gi') },
  { verb: 'truncates', pattern: new RegExp(String.raw`\btruncate\s+table\s+${name}`, 'gi') },
  {
    verb: 'alters',
    pattern: new RegExp(String.raw`\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?${name}`, 'gi'),
  },
  { verb: 'drops', pattern: new RegExp(String.raw`\bdrop\s+table\s+(?:if\s+exists\s+)?${name}`, 'gi') },
]

const reference = new RegExp(
  String.raw`\breferences\s+${name}\s*(?:\(|,|\)|;|$|on\b|not\b|deferrable\b|primary\b|check\b)`,
  'gi',
)

type Fragment = { readonly path: string; readonly area: string; readonly line: number; readonly sql: string }

/** One sentence for each statement that writes a table of another area, and each foreign key that points upwards. */
export function tableFindings(sources: readonly Source[]): readonly string[] {
  const fragments = sources.flatMap(fragmentsOf)
  return fragments.flatMap((fragment) => [...writes(fragment), ...references(fragment)])
}

function fragmentsOf(source: Source): readonly Fragment[] {
  const [top, area = ''] = source.path.split('/')
  if (top !== 'server' || floorOf(area) === -1 || isTest(source)) return []
  if (source.path.endsWith('.sql')) {
    const sql = source.text.replaceAll(/--[^\n]*/g, '')
    return [{ path: source.path, area, line: 1, sql }]
  }
  if (!isCode(source)) return []
  return parse(source).strings.map(({ text, line }) => ({
    path: source.path,
    area,
    line,
    sql: text.replaceAll(/--[^\n]*/g, ''),
  }))
}

function writes(fragment: Fragment): readonly string[] {
  return statements.flatMap(({ verb, pattern }) =>
    mentions(fragment, pattern).flatMap(({ table, at }) => {
      // A name that a substitution begins cannot be known here; the statement tests see what it becomes.
      if (table.startsWith('$') || table === 'set') return []
      if (table.startsWith(`${fragment.area}_`)) return []
      return [`${at}: ${verb} ${table}; ${fragment.area} writes only tables called ${fragment.area}_…`]
    }),
  )
}

function references(fragment: Fragment): readonly string[] {
  return mentions(fragment, reference).flatMap(({ table, at }) => {
    const owner = floors.flat().find((area) => table.startsWith(`${area}_`))
    if (owner === undefined || owner === fragment.area || floorOf(owner) < floorOf(fragment.area)) return []
    return [`${at}: a foreign key of ${fragment.area} points up or sideways at ${table}`]
  })
}

function mentions({ path, line, sql }: Fragment, pattern: RegExp): readonly { table: string; at: string }[] {
  return [...sql.matchAll(pattern)].map((match) => ({
    table: (match[1] ?? '').replaceAll('"', '').replace(/^.*\./, '').toLowerCase(),
    at: `${path}:${line + sql.slice(0, match.index).split('\n').length - 1}`,
  }))
}
