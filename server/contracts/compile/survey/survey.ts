/**
 * Looks at everything that stands in a document before anything is compiled from it: each feature that is not
 * served is refused with its place, each word that is not understood is named. What passes cannot fail later.
 */
import { classes, isClass } from '#/contracts/classification/classification.ts'
import { refuseLost, type Report } from '#/contracts/compile/report.ts'
import { surveySchema } from '#/contracts/compile/survey/schemas.ts'
import {
  extensions,
  referable,
  requiredMembers,
  shapes,
  type Member,
  type Plain,
  type Shape,
} from '#/contracts/compile/survey/shapes.ts'
import {
  follow,
  isLost,
  isTree,
  member,
  own,
  reference,
  target,
  type Dialect,
  type Tree,
} from '#/contracts/validation/validation.ts'

type Visit = { readonly node: unknown; readonly shape: Shape; readonly pointer: string }

export type SurveyOf = {
  readonly document: Tree
  readonly dialect: Dialect
  readonly report: Report
}

type Survey = SurveyOf & {
  readonly schemas: Map<Tree, string>
  readonly seen: Map<unknown, Set<Shape>>
  /** Targets of references wait here: descending into a chain of thousands would exhaust the stack. */
  readonly queue: Visit[]
}

/** Every schema of the document with its pointer, once. */
export function survey(of: SurveyOf): ReadonlyMap<Tree, string> {
  const all: Survey = { ...of, schemas: new Map(), seen: new Map(), queue: [] }
  all.queue.push({ node: of.document, shape: 'root', pointer: '#' })
  for (let next = all.queue.pop(); next !== undefined; next = all.queue.pop()) visit(next, all)
  return all.schemas
}

function visit(at: Visit, all: Survey): void {
  const { node, shape, pointer } = at
  if (typeof node === 'boolean' && shape === 'schema' && allowsBoolean(pointer, all.dialect)) return
  if (!isTree(node)) return all.report.refuse(pointer, 'malformed', `a ${shape} must be an object`)
  const shapesSeen = all.seen.get(node) ?? new Set()
  if (shapesSeen.has(shape)) return
  all.seen.set(node, shapesSeen.add(shape))
  visitExtensions(node, at, all.report)
  if (visitReference(node, at, all)) return
  if (shape === 'schema') {
    all.schemas.set(node, pointer)
    surveySchema(node, pointer, all.dialect, all.report)
  }
  visitRequired(node, at, all)
  for (const key of Object.keys(node)) {
    const known = Object.hasOwn(shapes[shape], key) ? shapes[shape][key] : undefined
    if (known === undefined) noteUnknown(key, at, all.report)
    // A document made in memory may name a member and leave it undefined.
    else if (node[key] !== undefined) visitMember(known, node[key], member(pointer, key), all)
  }
}

/** OpenAPI 3.0 knows `true` and `false` in one place only. */
const allowsBoolean = (pointer: string, dialect: Dialect): boolean =>
  dialect === '3.1' || pointer.endsWith('/additionalProperties')

/** True when the node is nothing but a reference. */
function visitReference(node: Tree, { shape, pointer }: Visit, all: Survey): boolean {
  const { document, dialect, report } = all
  const ref = reference(node)
  if (ref === undefined) {
    if (Object.hasOwn(node, '$ref')) report.refuse(pointer, 'malformed', '$ref must be a string')
    return false
  }
  if (!referable.has(shape)) {
    report.refuse(pointer, 'misplaced_ref', `a ${shape} cannot be a reference`)
    return true
  }
  const end = follow(document, { node, pointer })
  if (isLost(end)) {
    refuseLost(report, pointer, end)
    return true
  }
  const to = target(document, ref)
  if (!isLost(to)) all.queue.push({ node: to.node, shape, pointer: to.pointer })
  if (shape === 'path item' && Object.keys(node).length > 1) {
    report.refuse(
      pointer,
      'ref_siblings',
      'what stands beside the $ref of a path item has no defined meaning',
    )
  }
  return !(shape === 'schema' && dialect === '3.1')
}

function visitMember(known: Member, value: unknown, pointer: string, all: Survey): void {
  const { report } = all
  if (typeof known === 'string') {
    if (!isPlain(known, value)) report.refuse(pointer, 'malformed', mustBe[known])
  } else if (known.many === 'one') visit({ node: value, shape: known.of, pointer }, all)
  else if (known.many === 'list') {
    if (!Array.isArray(value)) return report.refuse(pointer, 'malformed', mustBe.list)
    value.forEach((node: unknown, i) => visit({ node, shape: known.of, pointer: member(pointer, i) }, all))
  } else if (!isTree(value)) report.refuse(pointer, 'malformed', mustBe.object)
  else {
    for (const key of Object.keys(value)) {
      const isExtension = key.startsWith('x-') && (known.of === 'path item' || known.of === 'response')
      if (!isExtension) visit({ node: value[key], shape: known.of, pointer: member(pointer, key) }, all)
    }
  }
}

const mustBe: Readonly<Record<Plain, string>> = {
  string: 'must be a string',
  boolean: 'must be true or false',
  object: 'must be an object',
  list: 'must be a list',
  anything: '',
}

function isPlain(kind: Plain, value: unknown): boolean {
  switch (kind) {
    case 'list':
      return Array.isArray(value)
    case 'object':
      return isTree(value)
    case 'anything':
      return true
    default:
      return typeof value === kind
  }
}

function visitRequired(node: Tree, { shape, pointer }: Visit, { dialect, report }: Survey): void {
  for (const names of requiredMembers(shape, dialect)) {
    const given = names.filter((name) => Object.hasOwn(node, name))
    if (given.length === 1) continue
    const what =
      given.length > 1 ? `cannot have ${given.join(' and ')} together` : `must have ${names.join(' or ')}`
    report.refuse(pointer, 'malformed', `a ${shape} ${what}`)
  }
}

function visitExtensions(node: Tree, { shape, pointer }: Visit, report: Report): void {
  for (const key of Object.keys(node)) {
    if (!key.startsWith('x-portico-')) continue
    const places = Object.hasOwn(extensions, key) ? extensions[key] : undefined
    const at = member(pointer, key)
    // A mistyped class would release what its author meant to keep.
    if (places === undefined) report.refuse(at, 'unknown_extension', `there is no extension ${key}`)
    else if (!places.includes(shape)) {
      const message = `${key} means nothing in a ${shape}; it belongs to a ${places.join(', ')}`
      report.refuse(at, 'misplaced_extension', message)
    }
  }
  const given = own(node, 'x-portico-class')
  if (given === undefined || isClass(given)) return
  report.refuse(member(pointer, 'x-portico-class'), 'unknown_class', `the classes are ${classes.join(', ')}`)
}

/** Of the words of a schema `surveySchema` has spoken. */
function noteUnknown(key: string, { shape, pointer }: Visit, report: Report): void {
  if (key.startsWith('x-') || shape === 'schema') return
  report.note(member(pointer, key), 'unknown_member', `${key} is not known in a ${shape} and is ignored`)
}
