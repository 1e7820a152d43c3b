/** What an operation takes as content: the media types, and a check where the contract asks something of the content. */
import type { Contract } from '#/contracts/compile/contract.ts'
import { formReader } from '#/contracts/compile/requests/forms.ts'
import { essenceOf, isJson, mediaTypeFinder } from '#/contracts/compile/media-types.ts'
import type { BodyKind, BodyRule, RequestBody, Violation } from '#/contracts/compile/operation.ts'
import { refuseLost } from '#/contracts/compile/report.ts'
import {
  follow,
  isLost,
  isTree,
  member,
  own,
  type Check,
  type Fault,
  type Tree,
} from '#/contracts/validation/validation.ts'

export function compileBody(
  operation: Tree,
  pointer: string,
  method: string,
  contract: Contract,
): RequestBody | null {
  const { document, report } = contract
  const node = own(operation, 'requestBody')
  if (node === undefined) return null
  const at = member(pointer, 'requestBody')
  if (method === 'get' || method === 'head') {
    report.note(
      at,
      'content_ignored',
      `content of a ${method.toUpperCase()} has no meaning (RFC 9110 §9.3) and is not taken`,
    )
    return null
  }
  const found = follow(document, { node, pointer: at })
  if (isLost(found)) {
    refuseLost(report, at, found)
    return null
  }
  const body = found.node
  if (!isTree(body)) return null
  const content = own(body, 'content')
  const rules = isTree(content) ? compileRules(content, member(found.pointer, 'content'), contract) : []
  if (rules.length === 0) report.refuse(found.pointer, 'malformed', 'a request body must have content')
  const find = mediaTypeFinder(rules.map((rule) => ({ range: rule.range, value: rule })))
  return {
    required: own(body, 'required') === true,
    mediaTypes: rules.map(({ range }) => range),
    rule(contentType) {
      return contentType === undefined ? undefined : find(contentType)?.of(contentType)
    },
  }
}

type RangeRule = { readonly range: string; readonly of: (contentType: string) => BodyRule }

function compileRules(content: Tree, pointer: string, contract: Contract): readonly RangeRule[] {
  return Object.entries(content).flatMap(([name, mediaType]) => {
    const at = member(pointer, name)
    const range = essenceOf(name)
    if (range === null || !isTree(mediaType)) {
      contract.report.refuse(at, 'malformed', 'content must be listed by media types')
      return []
    }
    return [compileRange(range, mediaType, at, contract)]
  })
}

/** A range such as `application/*` is treated as what it turns out to be. */
function compileRange(range: string, mediaType: Tree, pointer: string, contract: Contract): RangeRule {
  const made = new Map<BodyKind, BodyRule>()
  const ruleOf = (kind: BodyKind): BodyRule => {
    const known = made.get(kind)
    if (known !== undefined) return known
    const rule = { kind, mediaType: range, validate: compileCheck(kind, mediaType, pointer, contract) }
    made.set(kind, rule)
    return rule
  }
  if (!range.endsWith('/*')) {
    const rule = ruleOf(kindOf(range))
    return { range, of: () => rule }
  }
  for (const kind of ['json', 'form', 'multipart', 'text', 'binary'] as const) ruleOf(kind)
  return { range, of: (contentType) => ruleOf(kindOf(essenceOf(contentType) ?? '')) }
}

function kindOf(essence: string): BodyKind {
  if (isJson(essence)) return 'json'
  if (essence === 'application/x-www-form-urlencoded') return 'form'
  if (essence.startsWith('multipart/')) return 'multipart'
  return essence.startsWith('text/') ? 'text' : 'binary'
}

function compileCheck(
  kind: BodyKind,
  mediaType: Tree,
  pointer: string,
  contract: Contract,
): BodyRule['validate'] {
  const schema = own(mediaType, 'schema')
  const { checks, report } = contract
  if (schema === undefined) return null
  if (kind === 'json') return toViolations(checks.check(schema))
  if (kind === 'form') return formReader(mediaType, schema, contract)
  if (checks.withholds(schema)) {
    report.refuse(
      pointer,
      'unchecked_class',
      `fields that a caller may not send cannot be found in ${kind} content`,
    )
  } else if (checks.check(schema) !== null && kind !== 'binary') {
    report.note(
      pointer,
      'unchecked_content',
      `${kind} content goes to the upstream without a check of its schema`,
    )
  }
  return null
}

function toViolations(check: Check | null): BodyRule['validate'] {
  return check === null ? null : (value) => check(value).map(violationOfFault)
}

export function violationOfFault({ code, detail, pointer }: Fault): Violation {
  return { in: 'body', code, detail, pointer }
}
