/** What Portico understands of a contract, for the person who writes it. */
import { styleText } from 'node:util'
import { compileDocument, type Compiled, type Notice, type Operation } from '#/contracts/compile/compile.ts'
import { loadDocument, type Loaded } from '#/contracts/documents/load.ts'

export type CheckOptions = {
  readonly defaultClass?: 'public'
  /** Escape sequences for a terminal. */
  readonly color?: boolean
}

export type CheckedContract = { readonly text: string; readonly ok: boolean }

/** Reads and compiles a document as publishing it would. `ok` is false when anything refuses it. */
export async function checkContract(
  file: string,
  { defaultClass, color = false }: CheckOptions = {},
): Promise<CheckedContract> {
  const loaded = await loadDocument(file)
  const compiled =
    // An empty file is a document, too: one that says nothing, which the compiler refuses.
    loaded.document === null && loaded.refusals.length > 0
      ? null
      : compileDocument(loaded.document, {
          contract: file,
          locate: loaded.locate,
          ...(defaultClass && { defaultClass }),
        })
  const refusals = distinct([
    ...loaded.refusals,
    ...(compiled?.refusals ?? []).filter((one) => !isTold(one, loaded)),
  ])
  const notices = distinct([...loaded.notices, ...(compiled?.notices ?? [])])
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text)
  const sections = [
    ...(compiled === null || compiled.title === '' ? [] : [heading(loaded, compiled, paint)]),
    ...(compiled === null || refusals.length > 0
      ? []
      : [operationsOf(compiled, paint), answersOf(compiled, loaded, paint)]),
    section(paint('yellow', `Notices (${notices.length})`), remarks(notices), notices.length),
    section(paint('red', `Refused (${refusals.length})`), remarks(refusals), refusals.length),
    refusals.length > 0
      ? paint('red', 'This contract cannot be served.')
      : paint('green', 'This contract can be served.'),
  ]
  return { text: `${sections.filter((one) => one !== '').join('\n\n')}\n`, ok: refusals.length === 0 }
}

/** A reference that could not be followed is still in the document; once is enough. */
function isTold({ file, pointer, code }: Notice, { refusals }: Loaded): boolean {
  return code === 'external_ref' && refusals.some((one) => one.file === file && one.pointer === pointer)
}

type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'green', text: string) => string

function heading({ files, sha256 }: Loaded, { title, version, openapi }: Compiled, paint: Paint): string {
  const from =
    files.length === 1
      ? files[0]
      : `${files[0]} and ${files.length - 1} more ${files.length === 2 ? 'file' : 'files'}`
  return [
    paint('bold', `${printable(title)} ${printable(version)}`),
    `OpenAPI ${openapi}, ${from}`,
    paint('dim', `SHA-256 ${sha256}`),
  ].join('\n')
}

function operationsOf({ operations, capabilities }: Compiled, paint: Paint): string {
  const rows = operations.map(({ method, path, id, capability, scopes }: Operation) => [
    method,
    path,
    id,
    capability ?? '(none: open to nobody)',
    scopes.join(' '),
  ])
  const list = capabilities.length === 0 ? 'no capability' : `capabilities: ${capabilities.join(', ')}`
  const table = columns([['METHOD', 'PATH', 'OPERATION', 'CAPABILITY', 'SCOPES'], ...rows])
  return section(paint('bold', `Operations (${operations.length}), ${list}`), table, 1)
}

function answersOf({ fields, unclassified }: Compiled, loaded: Loaded, paint: Paint): string {
  const title = `Answers: ${fields.released} properties are released, ${fields.withheld} are not`
  if (unclassified.length === 0) return paint('bold', title)
  const places = unclassified.map((pointer) => {
    const place = loaded.locate(pointer)
    return `${place.file}${place.pointer}`
  })
  return section(
    paint('bold', `${title}; ${unclassified.length} for want of an x-portico-class:`),
    distinct(places),
    1,
  )
}

function remarks(all: readonly Notice[]): string[] {
  return columns(all.map(({ file, pointer, code, message }) => [`${file}${pointer}`, code, message]))
}

function section(title: string, lines: readonly string[], count: number): string {
  return count === 0 ? '' : [title, ...lines.map((line) => `  ${printable(line)}`)].join('\n')
}

/** The last column runs free. One cell of unusual length does not push all the others away. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths =
    rows[0]?.map((_, i) => Math.min(60, Math.max(...rows.map((row) => row[i]?.length ?? 0)))) ?? []
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function distinct<T>(all: readonly T[]): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
}

/** A document must not write to the terminal of whoever looks at it. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '�')
