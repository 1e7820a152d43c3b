/** Answers at random, full of fields that must not leave, for tests of what Portico releases. */
import { names } from './contracts.ts'
import type { Dice } from './dice.ts'
import { isNode, namesOf, target, type Node } from './node.ts'

/** Every string of an answer is unique, and looks like nothing else: `m17.` */
export const markers = /m\d+\./

type Making = { readonly dice: Dice; readonly document: Node; readonly count: () => number }

/** An answer that mostly holds to its schema, with more in it than the schema says. Counts its markers from `from`. */
export function randomAnswer(dice: Dice, document: Node, schema: Node, from = 0): unknown {
  let last = from
  return make({ dice, document, count: () => last++ }, [schema], 0)
}

function anything(making: Making, depth: number): unknown {
  const { dice, count } = making
  const marker = () => `m${count()}.`
  const inner = () => (depth > 5 ? marker() : anything(making, depth + 2))
  return dice.pick<() => unknown>([
    marker,
    marker,
    count,
    () => [inner(), inner()],
    () => ({ [`x${count()}`]: inner() }),
  ])()
}

function make(making: Making, listed: readonly Node[], depth: number): unknown {
  const { dice } = making
  if (dice.chance(0.004)) return anything(making, depth)
  const speaking = speakers(making, listed)
  const values = speaking.flatMap((one) =>
    'const' in one ? [one['const']] : ((one['enum'] as unknown[]) ?? []),
  )
  if (values.length > 0) return dice.pick(values)
  const stated = speaking.map((one) => one['type']).find((each) => each !== undefined)
  const implied = speaking.some((one) => one['properties']) ? 'object' : 'anything'
  switch (Array.isArray(stated) ? dice.pick(stated) : (stated ?? implied)) {
    case 'string':
      return text(making, speaking)
    case 'integer':
    case 'number':
      return number(making, speaking)
    case 'boolean':
      return dice.chance(0.5)
    case 'null':
      return null
    case 'array':
      return list(making, speaking, depth)
    case 'object':
      return object(making, speaking, depth)
    default:
      return anything(making, depth)
  }
}

/** Most texts hold to their pattern, if one of the samples does. */
function text({ count, dice }: Making, speaking: readonly Node[]): string {
  const patterns = speaking.flatMap((one) => (typeof one['pattern'] === 'string' ? [one['pattern']] : []))
  if (patterns.length > 0 && dice.chance(0.9)) {
    const tests = patterns.map((pattern) => new RegExp(pattern, 'u'))
    const fitting = samples(count()).find((sample) => tests.every((test) => test.test(sample)))
    if (fitting !== undefined) return fitting
  }
  const least = Math.max(0, ...speaking.map((one) => Number(one['minLength'] ?? 0)))
  const most = Math.min(1_000, ...speaking.map((one) => Number(one['maxLength'] ?? 1_000)))
  return `m${count()}.`.padEnd(least, '.').slice(-most)
}

/** Texts that real patterns ask for; a marker wherever there is room for one. */
const samples = (marker: number): string[] => {
  const free = `0123456789abcdef 2026-10-01 2026-10 86150 EUR DE de-DE a`.split(' ')
  const marked = [`prj_${marker}`, `rc_${marker}`, `${marker}.00`, `/api/projects/prj_${marker}`, `${marker}`]
  return [...marked, `"${String(marker).padStart(16, '0')}"`, ...free]
}

function number({ count }: Making, speaking: readonly Node[]): number {
  const least = Math.max(0, ...speaking.map((one) => Number(one['minimum'] ?? 0)))
  const most = Math.min(Infinity, ...speaking.map((one) => Number(one['maximum'] ?? Infinity)))
  const marker = count()
  return marker <= most && marker >= least
    ? marker
    : least + (most === Infinity ? 0 : marker % (most - least + 1))
}

function list(making: Making, speaking: readonly Node[], depth: number): unknown[] {
  return Array.from({ length: depth > 6 ? 0 : making.dice.roll(4) }, (_, index) => {
    const listed = speaking.map((one) => (one['prefixItems'] as Node[] | undefined)?.[index] ?? one['items'])
    return listed.some(isNode) ? make(making, listed.filter(isNode), depth + 1) : anything(making, depth)
  })
}

function object(making: Making, speaking: readonly Node[], depth: number): unknown {
  const { dice, count } = making
  const made = new Map<string, unknown>()
  const named = speaking.flatMap((one) => Object.entries((one['properties'] ?? {}) as Record<string, Node>))
  const required = new Set(speaking.flatMap((one) => (one['required'] as string[] | undefined) ?? []))
  for (const [name, each] of Map.groupBy(named, ([name]) => name)) {
    const isWanted = required.has(name) ? depth < 12 : depth < 7 && dice.chance(0.8)
    const listed = each.map(([, one]) => one)
    if (isWanted) made.set(name, make(making, listed, depth + 1))
  }
  for (const one of speaking) {
    const { additionalProperties: rest, discriminator } = one
    if (isNode(rest) && depth < 7) made.set(`x${count()}`, make(making, [rest], depth + 1))
    if (!isNode(discriminator)) continue
    const branches = (one['oneOf'] ?? one['anyOf']) as Node[]
    const fitting = branches.find((branch) => speaking.includes(branch))
    const branch = fitting && dice.chance(0.8) ? fitting : dice.pick(branches)
    made.set(String(discriminator['propertyName']), namesOf(discriminator, branch)[0])
  }
  // In a map it would be of the wrong type.
  const isMap = speaking.some((one) => isNode(one['additionalProperties']))
  if (dice.chance(isMap ? 0.3 : 0.6)) made.set(`x${count()}`, anything(making, depth))
  if (dice.chance(0.2)) made.set(dice.pick(names), anything(making, depth))
  return Object.fromEntries(made)
}

/** The schemas a value is made for: all conjuncts, and one branch of every choice. */
function speakers({ document, dice }: Making, listed: readonly Node[]): Node[] {
  const found = new Set<Node>()
  const visit = (one: Node): void => {
    if (found.has(one)) return
    found.add(one)
    if (typeof one['$ref'] === 'string') visit(target(document, one['$ref']))
    for (const each of (one['allOf'] as Node[] | undefined) ?? []) visit(each)
    for (const word of ['oneOf', 'anyOf']) if (one[word]) visit(dice.pick(one[word] as Node[]))
    const branch = one[dice.pick(['then', 'else'])]
    if (isNode(branch)) visit(branch)
  }
  listed.forEach(visit)
  return [...found]
}
