/** All operations of a document, each with what the gateway needs to serve it. */
import { compileAnswers } from '#/contracts/compile/answers.ts'
import { compileBody } from '#/contracts/compile/requests/bodies.ts'
import type { Contract } from '#/contracts/compile/contract.ts'
import type { Operation } from '#/contracts/compile/operation.ts'
import { compileParameters } from '#/contracts/compile/requests/parameters.ts'
import {
  readTemplate,
  refuseReserved,
  refuseSame,
  serverPrefix,
  type PathTemplate,
} from '#/contracts/compile/paths.ts'
import { methods } from '#/contracts/compile/survey/shapes.ts'
import { follow, isLost, isTree, member, own, type Tree } from '#/contracts/validation/validation.ts'

export type OperationsOf = {
  readonly contract: Contract
  /** Name and version of the contract. */
  readonly name: string
  readonly version: string
  /** Our own document may have our own paths. */
  readonly own: boolean
}

type PathOf = {
  readonly pathItem: Tree
  readonly pathPointer: string
  readonly template: PathTemplate
}

export function compileOperations(of: OperationsOf): readonly Operation[] {
  const { contract } = of
  const paths = readPaths(of)
  refuseSame(
    paths.flatMap(({ template, listed, pathItem }) =>
      methods
        .filter((method) => Object.hasOwn(pathItem, method))
        .map((method) => ({ method, path: template.path, pointer: member(listed, method) })),
    ),
    contract.report,
  )
  const operations = paths.flatMap((path) => compilePath(path, of))
  refuseSameId(operations, paths, contract)
  return operations
}

function readPaths({
  contract,
  own: isOurs,
}: OperationsOf): readonly (PathOf & { readonly listed: string })[] {
  const { document, report } = contract
  const prefix = serverPrefix(document, report)
  const paths = own(document, 'paths')
  return Object.entries(isTree(paths) ? paths : {}).flatMap(([key, node]) => {
    if (key.startsWith('x-')) return []
    const listed = member('#/paths', key)
    const template = readTemplate(key, prefix, listed, report)
    const found = follow(document, { node, pointer: listed })
    if (template === null || isLost(found) || !isTree(found.node)) return []
    if (!isOurs) refuseReserved(template.path, listed, report)
    if (own(found.node, 'servers') !== undefined) noteServers(found.pointer, contract)
    return [{ pathItem: found.node, pathPointer: found.pointer, template, listed }]
  })
}

function noteServers(pointer: string, { report }: Contract): void {
  report.note(
    member(pointer, 'servers'),
    'server_ignored',
    'only the servers of the document give the paths their beginning',
  )
}

function compilePath(path: PathOf, of: OperationsOf): readonly Operation[] {
  return methods.flatMap((method) => {
    const operation = own(path.pathItem, method)
    if (!isTree(operation)) return []
    const pointer = member(path.pathPointer, method)
    if (method === 'trace') {
      of.contract.report.note(
        pointer,
        'not_served',
        'TRACE is not served: it would answer a caller with what it sent',
      )
      return []
    }
    return [compileOperation({ ...path, operation, pointer, method }, of)]
  })
}

type OperationOf = PathOf & { readonly operation: Tree; readonly pointer: string; readonly method: string }

function compileOperation(one: OperationOf, { contract, name, version }: OperationsOf): Operation {
  const { operation, pointer, method, template } = one
  const id = own(operation, 'operationId')
  const summary = own(operation, 'summary')
  if (own(operation, 'servers') !== undefined) noteServers(pointer, contract)
  if (own(operation, 'callbacks') !== undefined) {
    contract.report.note(member(pointer, 'callbacks'), 'not_served', 'callbacks are not served')
  }
  return {
    id: typeof id === 'string' && id !== '' ? id : `${method} ${template.path}`,
    contract: name,
    version,
    method: method.toUpperCase(),
    path: template.path,
    capability: readCapability(operation, pointer, contract),
    scopes: readScopes(operation, pointer, contract),
    deprecated: own(operation, 'deprecated') === true,
    summary: typeof summary === 'string' ? summary : '',
    parameters: compileParameters(one, contract),
    body: compileBody(operation, pointer, method, contract),
    answer: compileAnswers(operation, pointer, contract),
  }
}

/** Names that stand in decisions, logs and the database. */
const capabilityName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
/** RFC 6749 §3.3: `scope-token`. */
const scopeToken = /^[\x21\x23-\x5B\x5D-\x7E]+$/

function readCapability(operation: Tree, pointer: string, { report }: Contract): string | null {
  const capability = own(operation, 'x-portico-capability')
  if (capability === undefined) return null
  if (typeof capability === 'string' && capabilityName.test(capability)) return capability
  report.refuse(
    member(pointer, 'x-portico-capability'),
    'malformed',
    'a capability is named by lower-case words with hyphens between them',
  )
  return null
}

function readScopes(operation: Tree, pointer: string, { report }: Contract): readonly string[] {
  const scopes = own(operation, 'x-portico-scopes')
  if (scopes === undefined) return []
  const isScopes =
    Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string' && scopeToken.test(scope))
  if (isScopes) return [...new Set(scopes as string[])]
  report.refuse(
    member(pointer, 'x-portico-scopes'),
    'malformed',
    'scopes are a list of names without spaces or quotes',
  )
  return []
}

function refuseSameId(
  operations: readonly Operation[],
  paths: readonly (PathOf & { readonly listed: string })[],
  { report }: Contract,
): void {
  const seen = new Map<string, Operation>()
  for (const operation of operations) {
    const first = seen.get(operation.id)
    seen.set(operation.id, first ?? operation)
    if (first === undefined) continue
    const listed = paths.find(({ template }) => template.path === operation.path)?.listed ?? '#/paths'
    const pointer = member(listed, operation.method.toLowerCase())
    report.refuse(
      pointer,
      'duplicate_operation',
      `${first.method} ${first.path} has the operationId ${operation.id} too`,
    )
  }
}
