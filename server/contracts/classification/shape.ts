/**
 * A shape is what a contract says of one value, from all the places that speak of it: the schemas that list it, and
 * the branches taken since. What is released of the value follows from the shape alone, so shapes are made once per
 * document and shared by all of its operations; recursion in the contract is a circle of shapes.
 */
import { stricter, type Class } from '#/contracts/classification/classes.ts'
import { types, type Group, type Part } from '#/contracts/classification/reading/part.ts'
import {
  conjuncts,
  listingAt,
  listings,
  wholeOf,
  type Whole,
} from '#/contracts/classification/reading/whole.ts'

/** What may leave of a value: undefined nothing, `failed` the value is off contract. */
export type Run = (value: unknown, depth: number) => unknown

export type Shape = {
  readonly whole: Whole
  /** The schemas that list the value, without the branches taken. */
  readonly listed: readonly Part[]
  readonly taken: readonly Part[]
  /** `oneOf` and the like that have not been decided yet, and those that have. */
  readonly undecided: readonly Group[]
  readonly decided: readonly Group[]
  /** Somewhere it has a class other than public, or is only ever sent by clients: nothing leaves. */
  readonly hidden: boolean
  /** It says `public` itself, as listed or by the branch taken: then it is released even where it is free-form. */
  readonly explicit: boolean
  /** False only for a body without a class, whose strings and numbers nobody has released. */
  readonly scalars: boolean
  /** Set on first use: most operations of a large contract are never called. */
  run: Run
}

export type Fate = 'released' | 'withheld' | 'unclassified'

export type Field = {
  readonly name: string
  readonly required: boolean
  readonly listed: readonly Part[]
  readonly fate: Fate
  readonly shape: Shape
}

/** How elements are released: by their place, then all alike; `rest` null drops what is not described. */
export type Elements = { readonly prefix: readonly Shape[]; readonly rest: Shape | null }

export type Shapes = {
  of(listed: readonly Part[], scalars: boolean): Shape
  /** The shape once a branch of a group is taken. `settled` groups count as decided, too. */
  take(shape: Shape, group: Group, branch: number, settled?: readonly Group[]): Shape
  /** What becomes of a property, or of an entry, that these schemas list. */
  field(name: string, listed: readonly Part[]): Field
  /** Properties that the contract names, in its order. */
  fields(shape: Shape): readonly Field[]
  /** What it says of another property, or of one that fits no pattern either; null: nothing, so it is dropped. */
  entry(shape: Shape, name: string | null): Field | null
  /** Null: nothing is said of the elements. */
  elements(shape: Shape): Elements | null
}

export function createShapes(releasesByDefault: boolean, compile: (shape: Shape) => Run): Shapes {
  const make = createStore(releasesByDefault, compile)
  const element = (shape: Shape, index: number) => {
    const listed = shape.whole.parts
      .map((part) => listingAt(part, index))
      .filter((each) => typeof each === 'object')
    return listed.length === 0 ? null : make(listed, shape.scalars)
  }
  const elements = (shape: Shape): Elements | null => {
    const { parts } = shape.whole
    const count = Math.max(...parts.map((part) => part.prefix.length))
    const prefix = Array.from({ length: count }, (_, index) => element(shape, index)!)
    const rest = element(shape, count)
    const closed = parts.some((part) => part.items === false)
    return count === 0 && !rest && !closed ? null : { prefix, rest }
  }
  const field = (name: string, listed: readonly Part[], required = false): Field => {
    const shape = make(listed, true)
    const isReleased = releasesByDefault || shape.explicit
    const hidden = shape.hidden || (shape.whole.types === types.array && hidesElements(elements(shape)))
    const fate = hidden ? 'withheld' : isReleased ? 'released' : 'unclassified'
    return { name, required, listed, fate, shape }
  }
  return {
    of: (listed, scalars) => make(listed, scalars),
    take(shape, group, branch, settled = []) {
      const part = group.branches[branch]
      const taken = part && !shape.taken.includes(part) ? [...shape.taken, part] : shape.taken
      return make(shape.listed, shape.scalars, taken, [...new Set([...shape.decided, group, ...settled])])
    },
    field,
    fields(shape) {
      const { parts } = shape.whole
      const required = new Set(parts.flatMap((part) => part.required))
      const names = new Set(parts.flatMap((part) => [...part.properties.keys()]))
      for (const name of required) if (parts.some((part) => listings(part, name).length > 0)) names.add(name)
      return [...names].map((name) => field(name, listedAs(parts, name), required.has(name)))
    },
    entry(shape, name) {
      const { parts } = shape.whole
      const listed = name === null ? additional(parts) : listedAs(parts, name)
      return listed.length === 0 ? null : field(name ?? '*', listed)
    },
    elements,
  }
}

type Make = (
  listed: readonly Part[],
  scalars: boolean,
  taken?: readonly Part[],
  decided?: readonly Group[],
) => Shape

/** Each shape once, whatever the order in which its schemas were met. */
function createStore(releasesByDefault: boolean, compile: (shape: Shape) => Run): Make {
  const shapes = new Map<string, Shape>()
  return (listed, scalars, taken = [], decided = []) => {
    const key = [listed, taken, decided].map((each) => ids(each)).join('|') + (scalars ? '' : '-')
    const known = shapes.get(key)
    if (known) return known
    const whole = wholeOf([...listed, ...taken])
    const explicit = listed.every(isPublic) || taken.some(isPublic)
    const shape: Shape = {
      whole,
      listed,
      taken,
      decided,
      undecided: whole.groups.filter((group) => !decided.includes(group)),
      hidden: whole.parts.some((part) => part.writeOnly || (part.class ?? 'public') !== 'public'),
      explicit,
      scalars: scalars || releasesByDefault || explicit,
      run(value, depth) {
        shape.run = compile(shape)
        return shape.run(value, depth)
      },
    }
    shapes.set(key, shape)
    return shape
  }
}

function ids(of: readonly { readonly id: number }[]): string {
  return of
    .map(({ id }) => id)
    .toSorted((a, b) => a - b)
    .join()
}

/** Where several schemas speak of one property, each of them counts (DESIGN §4: the strictest class wins). */
function listedAs(parts: readonly Part[], name: string): Part[] {
  return [...new Set(parts.flatMap((part) => listings(part, name)))]
}

function additional(parts: readonly Part[]): Part[] {
  return parts.map((part) => part.additional).filter((each) => typeof each === 'object')
}

/** The class a schema states: at its place, at the target of its `$ref`, in the members of its `allOf`. */
export function classOf(part: Part): Class | null {
  return conjuncts([part]).reduce<Class | null>((found, each) => stricter(found, each.class), null)
}

function isPublic(part: Part): boolean {
  return classOf(part) === 'public'
}

/** An object of which nothing is said, so only an explicit class releases it. `false` says: it is empty. */
export function isFreeObject({ whole }: Shape): boolean {
  return whole.parts.every(
    ({ properties, patterns, additional }) => properties.size + patterns.length === 0 && additional === true,
  )
}

/** It says something of properties that it does not name. */
export function hasUnnamed(part: Part): boolean {
  return part.patterns.length > 0 || typeof part.additional === 'object'
}

/** An element cannot be left out without moving the others, so one that is hidden hides the list, empty or not. */
export function hidesElements(elements: Elements | null): boolean {
  return elements !== null && [...elements.prefix, elements.rest].some((shape) => shape?.hidden === true)
}

export function allows(shape: Shape, type: keyof typeof types): boolean {
  return (shape.whole.types & types[type]) !== 0
}
