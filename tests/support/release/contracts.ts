/** Contracts at random, for tests of what Portico releases. */
import type { Dice } from './dice.ts'
import type { Node } from './node.ts'

/** Not `__proto__`: ajv, which the oracle asks, does not see a property of that name. */
export const names: readonly string[] = ['a', 'b', 'c', 'd', 'toString', 'constructor']
const hidden = ['internal', 'personal', 'cost', 'margin', 'payout', 'supplier', 'rate-card', 'evidence']

export function randomClass(dice: Dice): Node {
  if (dice.chance(0.6)) return { 'x-portico-class': 'public' }
  return dice.chance(0.5) ? {} : { 'x-portico-class': dice.pick(hidden) }
}

/** How many schemas the document names: S0 … S3. Two more, S4 and S5, are told apart by their property `kind`. */
const count = 4

/**
 * A document with a few named schemas that refer to each other and to themselves, and the schema of a body. A schema
 * applied to the same value (`from`) may only lead onwards to a later one, or the contract would have no end.
 */
export function randomContract(dice: Dice): { readonly document: Node; readonly schema: Node } {
  const schemas: Record<string, Node> = {}
  for (let index = 0; index < count; index++) schemas[`S${index}`] = object(dice, index, 1)
  for (const index of [count, count + 1]) {
    const { properties, ...rest } = object(dice, count, 3)
    const kind = { type: 'string', ...randomClass(dice) }
    schemas[`S${index}`] = { ...rest, required: ['kind'], properties: { ...(properties as object), kind } }
  }
  return {
    document: { components: { schemas } },
    schema: dice.chance(0.8) ? inPlace(dice, -1, 0) : any(dice, 0),
  }
}

function refTo(index: number): Node {
  return { $ref: `#/components/schemas/S${index}` }
}

function inPlace(dice: Dice, from: number, depth: number): Node {
  const onwards = from + 1 < count && dice.chance(0.3)
  return onwards ? refTo(from + 1 + dice.roll(count - from - 1)) : object(dice, from, depth)
}

function object(dice: Dice, from: number, depth: number): Node {
  const chosen = names.filter(() => dice.chance(0.45))
  const rest = dice.pick<() => Node>([
    () => ({}),
    () => ({}),
    () => ({ additionalProperties: false }),
    () => ({ additionalProperties: true }),
    () => (dice.chance(0.6) ? { additionalProperties: any(dice, depth + 1) } : {}),
  ])()
  return {
    type: 'object',
    properties: Object.fromEntries(chosen.map((name) => [name, any(dice, depth + 1)])),
    ...rest,
    ...(dice.chance(0.1) && { patternProperties: { '^(x|b)': any(dice, depth + 1) } }),
    ...(dice.chance(0.2) && { required: chosen.slice(0, 1) }),
    ...(depth <= 2 && dice.chance(0.55) && combined(dice, from, depth)),
  }
}

function combined(dice: Dice, from: number, depth: number): Node {
  const some = () =>
    Array.from({ length: 2 + dice.roll(2) }, () => ({
      ...inPlace(dice, from, depth + 1),
      ...(dice.chance(0.15) && randomClass(dice)),
    }))
  const condition = () => [
    { required: ['a'] },
    inPlace(dice, from, depth + 1),
    inPlace(dice, from, depth + 1),
  ]
  return dice.pick<() => Node>([
    () => ({ allOf: some() }),
    () => ({ oneOf: some() }),
    () => ({ anyOf: some() }),
    () => ({ oneOf: [refTo(count), refTo(count + 1)], discriminator: { propertyName: 'kind' } }),
    () => Object.fromEntries(condition().map((part, index) => [['if', 'then', 'else'][index], part])),
  ])()
}

function any(dice: Dice, depth: number): Node {
  const kinds: (() => Node)[] = [
    () => object(dice, -1, depth),
    () => refTo(dice.roll(count)),
    () => ({
      type: 'array',
      ...(dice.chance(0.8) && { items: any(dice, depth + 1) }),
      ...(dice.chance(0.2) && { prefixItems: [any(dice, depth + 1), any(dice, depth + 1)] }),
    }),
    () => ({ anyOf: [any(dice, depth + 1), { type: 'null' }, any(dice, depth + 1)] }),
    () =>
      dice.pick<Node>([
        { type: 'object' },
        { type: 'array' },
        {},
        { type: 'object', additionalProperties: {} },
      ]),
  ]
  const made = depth > 3 || dice.chance(0.4) ? scalar(dice) : dice.pick(kinds)()
  return { ...made, ...randomClass(dice) }
}

function scalar(dice: Dice): Node {
  return dice.pick<Node>([
    { type: 'string' },
    { type: 'integer' },
    { type: ['string', 'null'] },
    { type: 'string', enum: ['red', 'blue'] },
    { enum: ['red', 7, null] },
  ])
}
