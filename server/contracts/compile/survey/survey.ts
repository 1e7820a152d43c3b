/**
 * Looks at everything that stands in a document before anything is compiled from it: each feature that is not
 * served is refused with its place, each word that is not understood is named. What passes cannot fail later.
 */
import { classes, isClass } from '#/contracts/classification/classification.ts'
import type { Report } from '#/contracts/compile/report.ts'
import { refuseLost } from '#/contracts/compile/report.ts'
import {
  extensions,
  referable,
  requiredMembers,
  shapes,
  type Member,
  type Plain,
  type Shape,
} from '#/contracts/compile/survey/shapes.ts'
import { surveySchema } from '#/contracts/compile/survey/schemas.ts'
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

export type Survey = {
  readonly document: Tree
  readonly dialect: Dialect
  readonly report: Report
}

/** Every schema of the document with its pointer, once. */
export function survey({ document, dialect, report }: Survey): ReadonlyMap<Tree, string> {
  const schemas = new Map<Tree, string>()
  const seen = new Map<unknown, Set<Shape>>()
  // References are queued and not descended into: a chain of thousands must not exhaust the stack.
  const queue: Visit[] = [{ node: document, shape: 'root', pointer: '#' }]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) visit(next)
  return schemas

  function visit({ node, shape, pointer }: Visit): void {
    if (
      typeof node === 'boolean' &&
      shape === 'schema' &&
      (dialect === '3.1' || pointer.endsWith('/additionalProperties'))
    )
      return
    if (!isTree(node)) return report.refuse(pointer, 'malformed', `a ${shape} must be an object`)
    const shapesSeen = seen.get(node) ?? new Set()
    if (shapesSeen.has(shape)) return
    seen.set(node, shapesSeen.add(shape))
    visitExtensions(node, shape, pointer)
    if (visitReference(node, shape, pointer)) return
    if (shape === 'schema') {
      schemas.set(node, pointer)
      surveySchema(node, pointer, dialect, report)
    }
    visitRequired(node, shape, pointer)
    for (const key of Object.keys(node)) {
      const known = Object.hasOwn(shapes[shape], key) ? shapes[shape][key] : undefined
      if (known === undefined) noteUnknown(key, shape, pointer)
      else visitMember(known, node[key], member(pointer, key))
    }
  }

  /** True when the node is nothing but a reference. */
  function visitReference(node: Tree, shape: Shape, pointer: string): boolean {
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
    if (!isLost(to)) queue.push({ node: to.node, shape, pointer: to.pointer })
    if (shape === 'schema' && dialect === '3.1') return false
    if (shape === 'path item' && Object.keys(node).length > 1) {
      report.refuse(
        pointer,
        'ref_siblings',
        'what a path item with a $ref has beside it is undefined; move it into the target',
      )
    }
    return true
  }

  function visitMember(known: Member, value: unknown, pointer: string): void {
    if (typeof known === 'string') {
      if (!isPlain(known, value))
        report.refuse(pointer, 'malformed', known === 'list' ? 'must be a list' : `must be a ${known}`)
      return
    }
    const { of, many } = known
    if (many === 'one') return visit({ node: value, shape: of, pointer })
    if (many === 'list') {
      if (!Array.isArray(value)) return report.refuse(pointer, 'malformed', 'must be a list')
      value.forEach((node: unknown, i) => visit({ node, shape: of, pointer: member(pointer, i) }))
      return
    }
    if (!isTree(value)) return report.refuse(pointer, 'malformed', 'must be an object')
    for (const key of Object.keys(value)) {
      const isExtension = key.startsWith('x-') && (of === 'path item' || of === 'response')
      if (!isExtension) visit({ node: value[key], shape: of, pointer: member(pointer, key) })
    }
  }

  function visitRequired(node: Tree, shape: Shape, pointer: string): void {
    for (const names of requiredMembers(shape, dialect)) {
      const given = names.filter((name) => Object.hasOwn(node, name))
      if (given.length === 1) continue
      const what =
        given.length > 1 ? `cannot have ${given.join(' and ')} together` : `must have ${names.join(' or ')}`
      report.refuse(pointer, 'malformed', `a ${shape} ${what}`)
    }
  }

  function visitExtensions(node: Tree, shape: Shape, pointer: string): void {
    for (const key of Object.keys(node)) {
      if (!key.startsWith('x-portico-')) continue
      const places = Object.hasOwn(extensions, key) ? extensions[key] : undefined
      // A mistyped class would release what its author meant to keep.
      if (places === undefined)
        report.refuse(member(pointer, key), 'unknown_extension', `there is no extension ${key}`)
      else if (!places.includes(shape)) {
        report.refuse(
          member(pointer, key),
          'misplaced_extension',
          `${key} means nothing in a ${shape}; it belongs to ${places.join(', ')}`,
        )
      }
    }
    const given = own(node, 'x-portico-class')
    if (given !== undefined && !isClass(given)) {
      report.refuse(
        member(pointer, 'x-portico-class'),
        'unknown_class',
        `the classes are ${classes.join(', ')}`,
      )
    }
  }

  function noteUnknown(key: string, shape: Shape, pointer: string): void {
    if (key.startsWith('x-') || (shape === 'schema' && key === '$ref')) return
    if (shape === 'schema') return // surveySchema has spoken of it
    report.note(member(pointer, key), 'unknown_member', `${key} is not known in a ${shape} and is ignored`)
  }
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
