/**
 * What of a shape can be copied from the text of an answer, and what has to be read as values first. A rule says of
 * nothing more than the shape's own `run` says of it; it only knows beforehand where `run` would change nothing.
 */
import { checkOf, type Toolbox } from '#/contracts/classification/generate.ts'
import { types } from '#/contracts/classification/reading/part.ts'
import {
  allows,
  hasUnnamed,
  hidesElements,
  isFreeObject,
  type Shape,
} from '#/contracts/classification/shape.ts'

/** One for each shape. */
export type Rule = {
  readonly shape: Shape
  /** The kinds (bits of `types`) that leave as they were sent. `fraction` says that any number does. */
  readonly kinds: number
  /** Null: an object of this shape is read as a value. */
  readonly members: Members | null
  /** The rule of each element; null: a list of this shape is read as a value. */
  readonly element: Rule | null
}

/** The members that may leave, in the order in which they are written. */
export type Members = {
  readonly rules: readonly Rule[]
  /** The answer is off contract without it. */
  readonly required: readonly boolean[]
  readonly byName: ReadonlyMap<string, number>
  readonly met: Met
  /** The upstream has another order than the contract. */
  sorts: boolean
}

/**
 * Names that an upstream wrote in such objects, also those that stay. It writes its objects alike: the name behind
 * another is most often the one that stood there last, and then it is compared and not looked up.
 */
export type Met = {
  /** In which all this was met (names.ts). */
  era: number
  /** The number of each, from 1. */
  readonly numbers: Map<string, number>
  /** By number: the place of `"name":` among all names (names.ts), its length, the index of its member or `nobody`. */
  readonly starts: Int32Array
  readonly lengths: Int32Array
  readonly indexes: Int32Array
  /** By number, 0 the beginning of an object: the number of the name that came behind it last; 0: none did. */
  readonly followers: Int32Array
}

/** More are looked up every time: of what an upstream sends, only so much is kept. */
export const mostMet = 64

function nothingMet(): Met {
  return {
    era: -1,
    numbers: new Map(),
    starts: new Int32Array(mostMet + 1),
    lengths: new Int32Array(mostMet + 1),
    indexes: new Int32Array(mostMet + 1),
    followers: new Int32Array(mostMet + 1),
  }
}

/** A member that does not leave. */
export const nobody = -1

/** One that must be there is not among those that were passed over. */
export function lacks({ required }: Members, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (required[i]) return true
  return false
}

type RuleOf = (shape: Shape) => Rule

export function createRules(tools: Toolbox): RuleOf {
  const known = new Map<Shape, Rule>()
  const ruleOf = (shape: Shape): Rule => {
    let rule = known.get(shape)
    if (rule === undefined) known.set(shape, (rule = new LazyRule(shape, tools, ruleOf)))
    return rule
  }
  return ruleOf
}

/** Its parts are made when they are first asked for: the shapes of a recursive contract are a circle. */
class LazyRule implements Rule {
  readonly shape: Shape
  readonly kinds: number
  readonly #tools: Toolbox
  readonly #ruleOf: RuleOf
  #members: Members | null | undefined
  #element: Rule | null | undefined

  constructor(shape: Shape, tools: Toolbox, ruleOf: RuleOf) {
    this.shape = shape
    this.kinds = isSettled(shape) ? kindsOf(shape, tools) : 0
    this.#tools = tools
    this.#ruleOf = ruleOf
  }

  get members(): Members | null {
    if (this.#members === undefined) this.#members = membersOf(this.shape, this.#tools, this.#ruleOf)
    return this.#members
  }

  get element(): Rule | null {
    if (this.#element === undefined) this.#element = elementOf(this.shape, this.#tools, this.#ruleOf)
    return this.#element
  }
}

/** What leaves of it does not turn on anything but its own type and its own members. */
function isSettled({ hidden, undecided, whole }: Shape): boolean {
  return !hidden && undecided.length === 0 && whole.known
}

function kindsOf(shape: Shape, tools: Toolbox): number {
  let kinds = shape.whole.nulls === true ? types.null : 0
  if (!shape.scalars) return kinds
  if (allows(shape, 'string') && checkOf(shape, 'string', tools) === null) kinds |= types.string
  if (allows(shape, 'boolean') && checkOf(shape, 'any', tools) === null) kinds |= types.boolean
  if (!allows(shape, 'integer') || checkOf(shape, 'number', tools) !== null) return kinds
  return kinds | types.integer | (allows(shape, 'fraction') ? types.fraction : 0)
}

function elementOf(shape: Shape, { shapes }: Toolbox, ruleOf: RuleOf): Rule | null {
  if (!isSettled(shape) || !allows(shape, 'array')) return null
  if (shape.whole.parts.some((part) => part.checks.array.length > 0)) return null
  const elements = shapes.elements(shape)
  if (elements === null || elements.rest === null || elements.prefix.length > 0) return null
  return hidesElements(elements) ? null : ruleOf(elements.rest)
}

function membersOf(shape: Shape, { shapes }: Toolbox, ruleOf: RuleOf): Members | null {
  if (!isSettled(shape) || !allows(shape, 'object')) return null
  // Entries that the contract does not name leave in the upstream's order, behind the others.
  if (isFreeObject(shape) || shape.whole.parts.some(hasUnnamed)) return null
  const released = shapes.fields(shape).filter((field) => field.fate === 'released')
  // An object of the engine lists names that are numbers first, and so does what is written of it.
  const order = Object.keys(Object.fromEntries(released.map(({ name }) => [name, true])))
  const fields = order.map((name) => released.find((field) => field.name === name)!)
  return {
    rules: fields.map((field) => ruleOf(field.shape)),
    required: fields.map(({ required }) => required),
    byName: new Map(order.map((name, index) => [name, index])),
    met: nothingMet(),
    sorts: false,
  }
}
