/** An OpenAPI document becomes operations that the gateway can serve, or a list of reasons why not. */
import { createClassifier, type Classifier } from '#/contracts/classification/classification.ts'
import { compileResponse } from '#/contracts/compile/answers.ts'
import type { Contract } from '#/contracts/compile/contract.ts'
import { readHead } from '#/contracts/compile/head.ts'
import type { Compiled, Projector, StatusRule } from '#/contracts/compile/operation.ts'
import { compileOperations } from '#/contracts/compile/operations.ts'
import { readParameter } from '#/contracts/compile/requests/parameter.ts'
import type { Parameter } from '#/contracts/compile/requests/styles.ts'
import { createReport, type Locate, type Report } from '#/contracts/compile/report.ts'
import { refuseEndless } from '#/contracts/compile/survey/schemas.ts'
import { survey } from '#/contracts/compile/survey/survey.ts'
import { createChecks, own, type Dialect, type Tree } from '#/contracts/validation/validation.ts'

export { OffContract } from '#/contracts/compile/operation.ts'
export { reservedPaths } from '#/contracts/compile/paths.ts'
export type * from '#/contracts/compile/operation.ts'
export type { Locate } from '#/contracts/compile/report.ts'

export type CompileOptions = {
  /** The name under which the provider registered the contract. */
  readonly contract: string
  /** Class of response properties that have none, unless the document says it itself. */
  readonly defaultClass?: 'public'
  /** Our own document: its paths are the ones no other may have. */
  readonly own?: true
  /** Where a place of the bundled document came from; without it every place is in `#`. */
  readonly locate?: Locate
}

const nothing: Omit<Compiled, 'refusals' | 'notices'> = {
  title: '',
  version: '',
  openapi: '',
  operations: [],
  capabilities: [],
  unclassified: [],
  fields: { released: 0, withheld: 0 },
}

/**
 * Compiles a bundled document (internal references only). Never throws for what stands in the document: what is
 * not served is refused with its place, and a document with a refusal has no operations.
 */
export function compileDocument(document: unknown, options: CompileOptions): Compiled {
  const report = createReport(options.locate ?? ((pointer) => ({ file: '#', pointer })))
  const compiled = compileGuarded(document, options, report)
  const { refusals, notices } = report
  return refusals.length > 0
    ? { ...compiled, operations: [], capabilities: [], refusals, notices }
    : { ...compiled, refusals, notices }
}

function compileGuarded(
  document: unknown,
  options: CompileOptions,
  report: Report,
): Omit<Compiled, 'refusals' | 'notices'> {
  try {
    return compileUnguarded(document, options, report)
  } catch (error) {
    // The stack, on a chain of references or schemas thousands long.
    if (!(error instanceof RangeError)) throw error
    report.refuse('#', 'too_deep', 'the document is nested too deeply to be read')
    return nothing
  }
}

function compileUnguarded(
  document: unknown,
  options: CompileOptions,
  report: Report,
): Omit<Compiled, 'refusals' | 'notices'> {
  const head = readHead(document, report)
  if (head === null) return nothing
  const { tree, dialect } = head
  const schemas = survey({ document: tree, dialect, report })
  refuseEndless(tree, schemas, report)
  const { title, version, openapi } = head
  if (report.refusals.length > 0) return { ...nothing, title, version, openapi }
  const contract = createContract(tree, dialect, defaultClassOf(tree, options, report), report)
  const operations = compileOperations({
    contract,
    name: options.contract,
    version,
    own: options.own === true,
  })
  const capabilities = [...new Set(operations.flatMap((one) => one.capability ?? []))].toSorted()
  return {
    title,
    version,
    openapi,
    operations,
    capabilities,
    unclassified: [...contract.unclassified].toSorted(),
    fields: contract.fields,
  }
}

/** What the document says wins over the option: its author knows it best. */
function defaultClassOf(document: Tree, options: CompileOptions, report: Report): 'public' | null {
  const given = own(document, 'x-portico-default-class')
  if (given === undefined) return options.defaultClass ?? null
  if (given !== 'public')
    report.refuse(
      '#/x-portico-default-class',
      'unknown_class',
      'the default class can be public only; without it nothing unclassified is released',
    )
  return given === 'public' ? 'public' : null
}

function createContract(
  document: Tree,
  dialect: Dialect,
  defaultClass: 'public' | null,
  report: Report,
): Contract {
  const parameters = new Map<Tree, Parameter | null>()
  const responses = new Map<Tree, StatusRule>()
  const classifier = createClassifier(document, { dialect, defaultClass })
  const contract: Contract = {
    document,
    dialect,
    report,
    defaultClass,
    checks: createChecks({ document, dialect }),
    unclassified: new Set(),
    fields: { released: 0, withheld: 0 },
    parameter: (node, pointer) => once(parameters, node, () => readParameter(node, pointer, contract)),
    response: (node, pointer) => once(responses, node, () => compileResponse(node, pointer, contract)),
    project: ({ node, pointer }) => project(classifier, node, pointer, contract),
  }
  return contract
}

function project(classifier: Classifier, node: unknown, pointer: string, contract: Contract): Projector {
  const { project, unclassified, released, withheld, refusals, notices } = classifier.projector(node, pointer)
  contract.fields.released += released
  contract.fields.withheld += withheld
  for (const one of unclassified) contract.unclassified.add(one)
  for (const one of refusals) contract.report.refuse(one.pointer, one.code, one.message)
  for (const one of notices) contract.report.note(one.pointer, one.code, one.message)
  return project
}

function once<K, V>(made: Map<K, V>, key: K, make: () => V): V {
  const known = made.get(key)
  if (known !== undefined || made.has(key)) return known as V
  const value = make()
  made.set(key, value)
  return value
}
