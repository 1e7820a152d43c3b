/**
 * Which fields of an answer a partner may see: the classes of a contract, compiled into projectors.
 *
 * A property leaves when its class is `public` (or when it has none and the document's default is public); every
 * schema that speaks of a property has a say, and the strictest wins. Fields are written in the order of the contract,
 * entries of a map in the order of the upstream; whatever the contract does not describe is dropped.
 */
import { createChooser } from '#/contracts/classification/branch.ts'
import { copyReleased } from '#/contracts/classification/copying/copier.ts'
import { createRules } from '#/contracts/classification/copying/rules.ts'
import { maxDepth } from '#/contracts/classification/exact.ts'
import { createFailure, failed } from '#/contracts/classification/failure.ts'
import { generate, type Toolbox } from '#/contracts/classification/generate.ts'
import { OffContract, type Projector } from '#/contracts/classification/off-contract.ts'
import type { Finding } from '#/contracts/classification/reading/part.ts'
import { createReader } from '#/contracts/classification/reading/reader.ts'
import { createRuntime } from '#/contracts/classification/runtime.ts'
import { createShapes, type Run, type Shape } from '#/contracts/classification/shape.ts'
import { createSurvey, type Survey } from '#/contracts/classification/survey.ts'
import { Exhausted, type Dialect, type Effort } from '#/contracts/validation/validation.ts'

export { classes, isClass, type Class } from '#/contracts/classification/classes.ts'
export { projectText } from '#/contracts/classification/exact.ts'
export { OffContract, type Projector } from '#/contracts/classification/off-contract.ts'

export type ClassifierOptions = {
  readonly dialect: Dialect
  /** `x-portico-default-class` of the document: what a property without a class counts as. */
  readonly defaultClass: 'public' | null
}

export type Projection = Survey & {
  readonly project: Projector
  /** What was found since the last call: each finding of a document is told once. */
  readonly refusals: readonly Finding[]
  readonly notices: readonly Finding[]
}

export type Classifier = {
  /** The projector of one body. `pointer` is the JSON Pointer of the schema in the document (`#/paths/…/schema`). */
  readonly projector: (schema: unknown, pointer: string) => Projection
}

/** Steps that the patterns of one answer may take: about a second. */
const mostEffort = 1e7

const exhausted = new OffContract('#', 'effort')

const withheld = 'the content as a whole has a class other than public, so no answer of this kind is released'

/** Prepares one document. Its operations share everything that is read and made of its schemas. */
export function createClassifier(
  document: unknown,
  { dialect, defaultClass }: ClassifierOptions,
): Classifier {
  const effort: Effort = { left: mostEffort }
  const reader = createReader(document, dialect, effort)
  const chooser = createChooser()
  const failure = createFailure()
  const shapes = createShapes(defaultClass === 'public', (shape) => compile(shape))
  const runtime = createRuntime(shapes, failure)
  const tools: Toolbox = { shapes, failure, runtime, valid: chooser.valid }
  const ruleOf = createRules(tools)
  const survey = createSurvey(shapes)
  let told = { refusals: 0, notices: 0 }

  function compile(shape: Shape): Run {
    if (shape.hidden) return () => undefined
    if (shape.undecided[0]) return branching(shape)
    if (!shape.whole.known) return shape.explicit ? runtime.everything : () => undefined
    return generate(shape, tools)
  }

  function branching(shape: Shape): Run {
    const [group] = shape.undecided
    const next: (Shape | undefined)[] = []
    return (value, depth) => {
      if (depth > maxDepth) return failure.off('depth')
      const branch = chooser.choose(group!, value, depth)
      // A schema that allows null itself (`nullable`) does not ask its branches to, but one that takes it has a say.
      const isNull = branch < 0 && value === null && shape.whole.nulls === true
      if (branch < 0 && !isNull) return failure.off(group!.by.how === 'name' ? 'discriminator' : 'branch')
      const taken = (next[branch] ??= shapes.take(shape, group!, branch))
      return isNull && taken.undecided.length === 0 ? null : taken.run(value, depth)
    }
  }

  function release(root: Shape, value: unknown): string | OffContract {
    const released = root.run(value, 1)
    if (released === failed) return failure.take()
    return released === undefined ? new OffContract('#', 'not released') : JSON.stringify(released)
  }

  function bounded<Given, Other>(work: () => Given, ifExhausted: Other): Given | Other {
    effort.left = mostEffort
    try {
      return work()
    } catch (error) {
      if (error instanceof Exhausted) return ifExhausted
      throw error
    } finally {
      chooser.forget()
    }
  }

  return {
    projector(schema, pointer) {
      const root = shapes.of([reader.read(schema, pointer)], false)
      const { refusals, notices } = reader
      const found = { refusals: refusals.slice(told.refusals), notices: notices.slice(told.notices) }
      if (root.hidden) found.notices.push({ pointer, code: 'content_withheld', message: withheld })
      told = { refusals: refusals.length, notices: notices.length }
      const rule = ruleOf(root)
      const byValue = (value: unknown) => bounded(() => release(root, value), exhausted)
      const copy = (answer: Buffer) => bounded(() => copyReleased(answer, rule), null)
      const project: Projector = Object.assign(byValue, { copy })
      return { project, ...survey(root), ...found }
    },
  }
}
