/**
 * The names of an answer's members, and what was learned of their order. A name that was met is compared with the bytes
 * that come, and only one that is the same is taken for it: what was learned makes a name cheap and decides nothing.
 */
import {
  colon,
  input,
  inputBuffer,
  quote,
  skipBlank,
  skipString,
} from '#/contracts/classification/copying/json.ts'
import { mostMet, nobody, type Members, type Met } from '#/contracts/classification/copying/rules.ts'

/** There is no name, or one that is written with an escape. */
export const unreadable = -2

const longestMet = 64
/** All names that were met, each as `"name":`, of all contracts. What is once written stays until all is forgotten. */
const names = new Uint8Array(262_144)
let namesEnd = 0
let isFull = false
/** What was met in an earlier era is forgotten. It never ends within an answer. */
let era = 0

/** The name that was read last: the place behind it, that of its colon, and its number; 0: it has none. */
export const last = { end: 0, colonAt: 0, number: 0 }

/** Before each answer. */
export function startNames(): void {
  if (!isFull) return
  isFull = false
  namesEnd = 0
  era++
}

/** Before each object: its names were met in this era, or they are none. */
export function recall(met: Met): void {
  if (met.era === era) return
  met.era = era
  met.numbers.clear()
  met.followers.fill(0)
}

/** Reads a name and its colon, the one behind the name with the number `before`, and says whose it is. */
export function whose(members: Members, before: number, at: number): number {
  const { met } = members
  const number = met.followers[before]!
  if (number === 0 || !isName(met.starts[number]!, met.lengths[number]!, at)) return look(members, before, at)
  last.colonAt = last.end = at + met.lengths[number]! - 1
  last.number = number
  return met.indexes[number]!
}

function isName(start: number, length: number, at: number): boolean {
  for (let i = 0; i < length; i++) if (input[at + i] !== names[start + i]) return false
  return true
}

function look({ byName, met }: Members, before: number, at: number): number {
  const end = input[at] === quote ? skipString(at) : 0
  if (end === 0) return unreadable
  const name = inputBuffer.toString('utf8', at + 1, end - 1)
  if (name.includes('\\')) return unreadable
  last.end = end
  last.colonAt = skipBlank(end)
  if (input[last.colonAt] !== colon) return unreadable
  const index = byName.get(name) ?? nobody
  last.number = met.numbers.get(name) ?? meet(met, name, at, index)
  met.followers[before] = last.number
  return index
}

/** Gives the number of a name that stands at `at`; 0: there is no room for it. */
function meet(met: Met, name: string, at: number, index: number): number {
  const number = met.numbers.size + 1
  const length = last.end - at
  if (number > mostMet || length > longestMet) return 0
  if (namesEnd + length >= names.length) {
    isFull = true
    return 0
  }
  names.set(input.subarray(at, last.end), namesEnd)
  names[namesEnd + length] = colon
  met.numbers.set(name, number)
  met.starts[number] = namesEnd
  met.lengths[number] = length + 1
  met.indexes[number] = index
  namesEnd += length + 1
  return number
}
