/** The text of `portico.yaml` becomes values, each of which knows its line, so that a mistake can say where it is. */
import { basename } from 'node:path'
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Document } from 'yaml'

/** Where something stands: the keys that lead to it. */
export type Path = readonly (string | number)[]

export type Source = {
  /** The whole file as plain values, `${NAME}`s replaced. */
  readonly value: unknown
  readonly mistakes: Mistakes
  readonly locate: Locate
}

/** Where a path, or the innermost thing around it that there is, stands: `portico.yaml:14`. */
export type Locate = (path: Path) => string

export type Mistakes = {
  /** What is wrong at the nearest place of the file that there is. */
  add(path: Path, message: string): void
  /** `portico.yaml:14 capabilities.raw-data.exposure: …`, in the order of the file. */
  lines(): readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

export function readSource(file: string, text: string, environment: Environment): Source {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, version: '1.2' })
  const found: { readonly line: number; readonly text: string }[] = []
  const add = (line: number, where: string, message: string) =>
    void found.push({ line, text: `${basename(file)}:${line}${where === '' ? '' : ` ${where}`}: ${message}` })
  const lineAt = (offset: number) => counter.linePos(offset).line
  for (const error of document.errors) add(lineAt(error.pos[0]), '', error.message)
  // Of a value that could not be read nothing else is said.
  const unread = new Set<number>()
  substitute(document, environment, (offset, message) => {
    unread.add(offset)
    add(lineAt(offset), '', message)
  })
  return {
    // A file that is no YAML has no values that could be believed.
    value: document.errors.length > 0 ? null : document.toJS({ maxAliasCount: 100 }),
    mistakes: {
      add(path, message) {
        const { key, value } = placeOf(document, path)
        if (!unread.has(value)) add(lineAt(key), path.join('.'), message)
      },
      lines: () => found.toSorted((a, b) => a.line - b.line).map((mistake) => mistake.text),
    },
    locate: (path) => `${basename(file)}:${lineAt(placeOf(document, path).key)}`,
  }
}

/** Where the value at this path, or the innermost thing around it that is in the file, begins, and where its key does. */
function placeOf(document: Document, path: Path): { readonly key: number; readonly value: number } {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true)
    if (!isNode(node) || !node.range) continue
    const around = document.getIn(path.slice(0, depth - 1), true)
    const pairs = isMap(around) ? around.items : []
    const key = pairs.find((pair) => pair.value === node)?.key
    return { key: (isNode(key) && key.range?.[0]) || node.range[0], value: node.range[0] }
  }
  return { key: 0, value: 0 }
}

/** `${NAME}` must be set; `${NAME:-text}` falls back; `$${` is `${`. Only in values: a key is never replaced. */
function substitute(
  document: Document,
  environment: Environment,
  refuse: (offset: number, message: string) => void,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || !isScalar(node) || typeof node.value !== 'string') return
      const offset = node.range?.[0] ?? 0
      node.value = node.value.replaceAll(/\$\$\{|\$\{([^}]*)\}/g, (whole: string, inside?: string) => {
        if (inside === undefined) return '${'
        const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside)
        if (!parts) {
          refuse(offset, `${whole} is neither \${NAME} nor \${NAME:-default}`)
          return ''
        }
        const value = environment[parts[1]!] || parts[2]
        if (value === undefined) refuse(offset, `the environment variable ${parts[1]} is not set`)
        return value ?? ''
      })
    },
  })
}
