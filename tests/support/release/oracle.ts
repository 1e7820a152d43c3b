/**
 * Says slowly and plainly which places of an answer may leave, for tests of what Portico releases. It shares nothing
 * with server/contracts/classification: it walks value and schema side by side, remembers nothing, and asks ajv which
 * branch a value is valid against.
 */
import { isNode, namesOf, nodes, own, target, type Node } from './node.ts'
import { createValidity, type Validity } from './validity.ts'

/** Places as JSON arrays of names and positions: `["items",0,"name"]`. */
export type Places = ReadonlySet<string>

/** Every place of a value, itself included. */
export function placesOf(value: unknown, path: readonly (string | number)[] = []): string[] {
  const inside = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const steps = Array.isArray(value) ? inside.map(Number) : inside
  return [
    JSON.stringify(path),
    ...steps.flatMap((step) => placesOf((value as Record<string | number, unknown>)[step], [...path, step])),
  ]
}

export type Oracle = (schema: Node, value: unknown) => Places

type Seen = { readonly speaking: readonly Node[]; readonly explicit: boolean }
type Place = { readonly path: readonly (string | number)[]; readonly scalars: boolean }

type Contract = { readonly document: Node; readonly byDefault: boolean; readonly isValid: Validity }

export function createOracle(document: Node, byDefault: boolean): Oracle {
  const contract = { document, byDefault, isValid: createValidity(document) }
  return (schema, value) => {
    const out = new Set<string>()
    walk(contract, value, [schema], { path: [], scalars: byDefault }, out)
    return out
  }
}

/** Adds what may leave of a value; false: nothing, not even that it is there. */
function walk(
  contract: Contract,
  value: unknown,
  listed: readonly Node[],
  place: Place,
  out: Set<string>,
): boolean {
  const seen = see(contract, value, listed)
  if (!seen || seen.speaking.some(isHidden)) return false
  // Off contract, or of a field that stays in any case: nothing of it may be seen.
  if (!seen.speaking.every((one) => isOfType(value, own(one, 'type')))) return false
  const isTyped = seen.speaking.some((one) =>
    ['type', 'enum', 'const', 'properties', 'required', 'items', 'additionalProperties'].some(
      (word) => word in one,
    ),
  )
  if (isTyped && Array.isArray(value)) return walkList(contract, value, seen, place, out)
  if (isTyped && isNode(value)) return walkObject(contract, value, seen, place, out)
  if (value !== null && !seen.explicit && (!isTyped || !place.scalars)) return false
  if (value === null && !isTyped && !seen.explicit) return false
  addAll(value, place, out)
  return true
}

function walkList(
  contract: Contract,
  list: readonly unknown[],
  seen: Seen,
  { path, scalars }: Place,
  out: Set<string>,
): boolean {
  const { speaking, explicit } = seen
  const described = speaking.flatMap((one) => [...nodes(own(one, 'prefixItems')), own(one, 'items')])
  if (described.some((one) => isNode(one) && classOf(contract, one) === 'hidden')) return false
  if (!described.some((one) => one === false || (isNode(one) && !saysNothing(one)))) {
    if (explicit) addAll(list, { path, scalars }, out)
    return explicit
  }
  const inside = new Set<string>([JSON.stringify(path)])
  const all = list.every((element, index) => {
    const listed = speaking
      .map((one) => nodes(own(one, 'prefixItems'))[index] ?? own(one, 'items'))
      .filter(isNode)
    const meant = listed.filter(
      (one) => !saysNothing(one) || speaking.some((each) => nodes(own(each, 'prefixItems')).includes(one)),
    )
    return (
      meant.length === 0 ||
      walk(contract, element, meant, { path: [...path, index], scalars: scalars || explicit }, inside)
    )
  })
  if (all) for (const each of inside) out.add(each)
  return all
}

function walkObject(
  contract: Contract,
  value: Node,
  { speaking, explicit }: Seen,
  place: Place,
  out: Set<string>,
): boolean {
  const isFree = speaking.every((one) => {
    const rest = own(one, 'additionalProperties')
    const names = Object.keys({
      ...(own(one, 'properties') as object),
      ...(own(one, 'patternProperties') as object),
    })
    return names.length === 0 && rest !== false && !(isNode(rest) && !saysNothing(rest))
  })
  if (isFree && explicit) addAll(value, place, out)
  out.add(JSON.stringify(place.path))
  for (const name of isFree ? [] : Object.keys(value)) {
    const listed = speaking.flatMap((one) => listings(one, name))
    const isReleased =
      listed.length > 0 &&
      listed.every(
        (one) => classOf(contract, one) === 'public' || (contract.byDefault && !classOf(contract, one)),
      )
    if (isReleased) walk(contract, value[name], listed, { path: [...place.path, name], scalars: true }, out)
  }
  return true
}

/** All schemas that apply to this value; null when it is valid against no branch of a choice. */
function see(contract: Contract, value: unknown, listed: readonly Node[]): Seen | null {
  const speaking = new Set<Node>()
  let explicit = listed.every((one) => classOf(contract, one) === 'public')
  let fits = true
  const visit = (one: Node): void => {
    if (speaking.has(one)) return
    speaking.add(one)
    if (own(one, '$ref')) visit(target(contract.document, one['$ref']))
    nodes(own(one, 'allOf')).forEach(visit)
    for (const branch of branches(contract, one, value)) {
      if (branch === null) fits = false
      else {
        explicit ||= classOf(contract, branch) === 'public'
        visit(branch)
      }
    }
  }
  listed.forEach(visit)
  return fits ? { speaking: [...speaking], explicit } : null
}

function branches(contract: Contract, one: Node, value: unknown): (Node | null)[] {
  const found: (Node | null)[] = []
  for (const word of ['oneOf', 'anyOf']) {
    const list = nodes(own(one, word))
    if (list.length === 0) continue
    const discriminator = own(one, 'discriminator')
    if (isNode(discriminator) && isNode(value)) {
      const name = own(value, String(discriminator['propertyName'])) as string
      found.push(list.find((branch) => namesOf(discriminator, branch).includes(name)) ?? null)
      continue
    }
    found.push(
      list.find((branch) => contract.isValid(branch, value, false)) ??
        list.find((branch) => contract.isValid(branch, value, true)) ??
        null,
    )
  }
  const test = own(one, 'if')
  if (isNode(test)) found.push(own(one, contract.isValid(test, value, false) ? 'then' : 'else') as Node)
  return found.filter((branch) => branch !== undefined)
}

function classOf(contract: Contract, one: Node): 'public' | 'hidden' | null {
  const stated = own(one, 'x-portico-class')
  const inner = [
    ...(own(one, '$ref') ? [target(contract.document, one['$ref'])] : []),
    ...nodes(own(one, 'allOf')),
  ].map((each) => classOf(contract, each))
  if (inner.includes('hidden') || (stated !== undefined && stated !== 'public')) return 'hidden'
  return stated === 'public' || inner.includes('public') ? 'public' : null
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === undefined) return true
  const name = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return (Array.isArray(type) ? type : [type]).some(
    (each) =>
      each === name ||
      (name === 'number' && (each !== 'integer' ? each === 'number' : Number.isInteger(value))),
  )
}

function isHidden(one: Node): boolean {
  return (one['x-portico-class'] ?? 'public') !== 'public'
}

function listings(one: Node, name: string): Node[] {
  const named = own((own(one, 'properties') ?? {}) as Node, name)
  const found = isNode(named) ? [named] : []
  for (const [pattern, each] of Object.entries((own(one, 'patternProperties') ?? {}) as Node)) {
    if (new RegExp(pattern, 'u').test(name)) found.push(each as Node)
  }
  const rest = own(one, 'additionalProperties')
  return found.length === 0 && isNode(rest) && !saysNothing(rest) ? [rest] : found
}

/** `{}` and a lone description. */
function saysNothing(one: Node): boolean {
  return Object.keys(one).every((word) => ['description', 'title', 'example', 'default'].includes(word))
}

function addAll(value: unknown, { path }: Place, out: Set<string>): void {
  for (const each of placesOf(value, path)) out.add(each)
}
