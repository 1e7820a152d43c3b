/** The parameters of one operation: found in the parts of a request, read by their styles, checked, nothing left over. */
import type { Contract } from '#/contracts/compile/contract.ts'
import type { Parameter } from '#/contracts/compile/requests/styles.ts'
import type { PathTemplate } from '#/contracts/compile/paths.ts'
import { refuseLost } from '#/contracts/compile/report.ts'
import type { RequestParts, Violation } from '#/contracts/compile/operation.ts'
import { readCookies, readHeader, readPath, readQuery } from '#/contracts/compile/requests/locations.ts'
import { follow, isLost, isTree, member, own, type Tree } from '#/contracts/validation/validation.ts'

const maxViolations = 50
const none: readonly Violation[] = []

/** Headers that OpenAPI leaves to other parts of the contract (OpenAPI 3.1.1, parameter object, `name`). */
const ignoredHeaders: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])

export type ParametersOf = {
  readonly operation: Tree
  readonly pointer: string
  readonly pathItem: Tree
  readonly pathPointer: string
  readonly template: PathTemplate
}

export function compileParameters(
  of: ParametersOf,
  contract: Contract,
): ((parts: RequestParts) => readonly Violation[]) | null {
  const parameters = collect(of, contract)
  refuseUndescribed(of, parameters, contract)
  if (parameters.length === 0) return null
  const inPath = of.template.variables.flatMap((name, index) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name)
    return parameter === undefined ? [] : [{ parameter, index }]
  })
  const inQuery = parameters.filter((one) => one.in === 'query')
  // Headers and cookies that no contract names are dropped without a word, and so are those that stay inside.
  const [inHeader, inCookie] = (['header', 'cookie'] as const).map((place) =>
    parameters.filter((one) => one.in === place && !one.inside),
  ) as [Parameter[], Parameter[]]
  const takesNothingInQuery = !inQuery.some((one) => one.required && !one.inside)
  return (parts) => {
    const violations: Violation[] = []
    for (const { parameter, index } of inPath) add(violations, readPath(parameter, parts.path[index] ?? ''))
    if (parts.query !== '' || !takesNothingInQuery)
      add(violations, readQuery(inQuery, parts.query, maxViolations))
    for (const parameter of inHeader)
      add(violations, readHeader(parameter, parts.header(parameter.name.toLowerCase())))
    if (inCookie.length > 0) add(violations, readCookies(inCookie, parts.header('cookie')))
    return violations.length === 0 ? none : violations
  }
}

function add(violations: Violation[], more: readonly Violation[]): void {
  for (const one of more) if (violations.length < maxViolations) violations.push(one)
}

/** Those of the path and those of the operation, which win (OpenAPI 3.1.1, operation object, `parameters`). */
function collect(
  { operation, pointer, pathItem, pathPointer }: ParametersOf,
  contract: Contract,
): readonly Parameter[] {
  const found = new Map<string, Parameter>()
  for (const [holder, at] of [
    [pathItem, pathPointer],
    [operation, pointer],
  ] as const) {
    const names = new Set<string>()
    const given = own(holder, 'parameters')
    for (const [i, node] of (Array.isArray(given) ? (given as unknown[]) : []).entries()) {
      const place = member(member(at, 'parameters'), i)
      const parameter = readOne(node, place, contract)
      if (parameter === null) continue
      const key = `${parameter.in} ${parameter.in === 'header' ? parameter.name.toLowerCase() : parameter.name}`
      if (names.has(key))
        contract.report.refuse(
          place,
          'duplicate_parameter',
          `the parameter ${parameter.name} is described twice`,
        )
      names.add(key)
      found.set(key, parameter)
    }
  }
  return [...found.values()].filter(
    (one) => !(one.in === 'header' && ignoredHeaders.has(one.name.toLowerCase())),
  )
}

function readOne(node: unknown, pointer: string, contract: Contract): Parameter | null {
  const found = follow(contract.document, { node, pointer })
  if (isLost(found)) refuseLost(contract.report, pointer, found)
  else if (isTree(found.node)) return contract.parameter(found.node, found.pointer)
  return null
}

/** A variable of the path without a parameter would go to the upstream unchecked. */
function refuseUndescribed(
  { template, pathPointer }: ParametersOf,
  parameters: readonly Parameter[],
  { report }: Contract,
): void {
  for (const name of template.variables) {
    if (parameters.some((one) => one.in === 'path' && one.name === name)) continue
    report.refuse(
      pathPointer,
      'undescribed_variable',
      `no parameter describes the variable ${name} of the path`,
    )
  }
  for (const { name, in: place } of parameters) {
    if (place !== 'path' || template.variables.includes(name)) continue
    report.note(pathPointer, 'unused_parameter', `the path has no variable ${name}`)
  }
}
