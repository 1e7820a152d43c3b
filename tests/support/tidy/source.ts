/** What the tidy rules read of a file: its imports, functions, strings and uses of names, from a real parse. */

import { parseSync, Visitor } from 'oxc-parser'

/** A file of the repository; `path` is relative to its root, with forward slashes. */
export type Source = { readonly path: string; readonly text: string }

export type Lines = { readonly line: number; readonly lines: number }

export type Parsed = {
  /** Specifiers as written, of imports and re-exports, types included. */
  readonly imports: readonly { readonly specifier: string; readonly line: number }[]
  /** Every function with a body; the callbacks of `describe` are chapters, not functions, and left out. */
  readonly functions: readonly Lines[]
  /** String and template literals; a substitution in a template reads `$`. */
  readonly strings: readonly { readonly text: string; readonly line: number }[]
  /** `a.b` for each member access of a plain name (`...a.b` where it is spread), `new Date` where it has no argument. */
  readonly uses: readonly { readonly name: string; readonly line: number }[]
}

type Spot = { readonly start: number; readonly end: number }

const parsed = new WeakMap<Source, Parsed>()

export const isCode = ({ path }: Source): boolean => /\.(ts|tsx|mjs)$/.test(path)

export const isTest = ({ path }: Source): boolean => /\.test\.tsx?$/.test(path)

/** Parses once per source, since several rules ask. */
export function parse(source: Source): Parsed {
  const known = parsed.get(source)
  if (known) return known
  const result = read(source)
  parsed.set(source, result)
  return result
}

function read({ path, text }: Source): Parsed {
  const { program, module, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message ?? 'does not parse'}`)
  const lineAt = lineFinder(text)
  const seen = visit(program)
  const requests = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest ?? []),
    ),
  ].map(({ value, start }) => ({ specifier: value, line: lineAt(start) }))
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
    specifier: text.slice(start + 1, end - 1),
    line: lineAt(start),
  }))
  return {
    imports: [...requests, ...dynamic],
    functions: seen.functions
      .filter(({ start }) => !seen.chapters.has(start))
      .map(({ start, end }) => ({ line: lineAt(start), lines: lineAt(end) - lineAt(start) + 1 })),
    strings: seen.strings.map(({ at, text: content }) => ({ text: content, line: lineAt(at) })),
    uses: seen.uses.map(({ at, name }) => ({ name, line: lineAt(at) })),
  }
}

function visit(program: Parameters<Visitor['visit']>[0]) {
  const functions: Spot[] = []
  const chapters = new Set<number>()
  const spread = new Set<number>()
  const strings: { at: number; text: string }[] = []
  const uses: { at: number; name: string }[] = []
  new Visitor({
    FunctionDeclaration: (node) => void functions.push(node),
    FunctionExpression: (node) => void functions.push(node),
    ArrowFunctionExpression: (node) => void functions.push(node),
    Literal: (node) =>
      void (typeof node.value === 'string' && strings.push({ at: node.start, text: node.value })),
    TemplateLiteral: (node) =>
      void strings.push({ at: node.start, text: node.quasis.map(({ value }) => value.raw).join('$') }),
    CallExpression({ callee, arguments: given }) {
      if (callee.type !== 'Identifier' || !/^(describe|suite)$/.test(callee.name)) return
      for (const argument of given) chapters.add(argument.start)
    },
    NewExpression({ callee, arguments: given, start }) {
      if (callee.type !== 'Identifier' || callee.name !== 'Date' || given.length > 0) return
      uses.push({ at: start, name: 'new Date' })
    },
    // Entered before the member access in it, which is then known to be spread.
    SpreadElement: ({ argument }) => void spread.add(argument.start),
    MemberExpression({ object, property, start }) {
      const member =
        property.type === 'Literal' ? property.value : property.type === 'Identifier' && property.name
      if (object.type !== 'Identifier' || typeof member !== 'string') return
      uses.push({ at: start, name: `${spread.has(start) ? '...' : ''}${object.name}.${member}` })
    },
  }).visit(program)
  return { functions, chapters, strings, uses }
}

/** Line number, from 1, of an offset. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}
