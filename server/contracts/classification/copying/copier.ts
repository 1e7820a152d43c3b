/**
 * Releases an answer by copying it. Most of what an upstream sends is already written as it would leave, and making
 * values of it and text of them again is most of what a release costs (bench/projector.bench.ts). This reads the bytes
 * once and cuts out what stays; where what leaves turns on more than the kind of a value, or is written in another way
 * than ours, that value alone is parsed, run and written.
 *
 * It never judges. What is not plainly released (no JSON, a name twice, off contract, digits beyond a double) gives
 * null, and the way by values decides, and says why. So the text that leaves is the same on both ways.
 */
import { isAscii } from 'node:buffer'
import {
  backslash,
  closeBrace,
  closeBracket,
  comma,
  input,
  inputBuffer,
  isPlainNumber,
  isShortEscape,
  isWhole,
  mostBytes,
  openBrace,
  openBracket,
  quote,
  setInput,
  skipBlank,
  skipNumber,
  skipString,
  skipValue,
  skipWord,
  special,
} from '#/contracts/classification/copying/json.ts'
import { last, recall, startNames, unreadable, whose } from '#/contracts/classification/copying/names.ts'
import { lacks, nobody, type Members, type Rule } from '#/contracts/classification/copying/rules.ts'
import { maxDepth } from '#/contracts/classification/exact.ts'
import { failed } from '#/contracts/classification/failure.ts'
import { types } from '#/contracts/classification/reading/part.ts'

/** The text that leaves of an answer in UTF-8; null: that is for others to say. */
export function copyReleased(answer: Buffer, rule: Rule): string | null {
  if (answer.length > mostBytes) return null
  setInput(answer)
  startNames()
  inputEnd = answer.length
  written = 0
  const from = (kept = skipBlank(0))
  const end = copyValue(rule, from, 1)
  if (end <= unsure || skipBlank(end) !== answer.length) return null
  cut(end, end)
  return output.toString(isAscii(output.subarray(0, written)) ? 'latin1' : 'utf8', 0, written)
}

/** One answer is copied at a time, from its first byte to its last; this much of `output` is written. */
const output = Buffer.allocUnsafeSlow(mostBytes * 2)
let written = 0
/** From here on the input has neither been written nor cut out. */
let kept = 0
let inputEnd = 0

/** What becomes of a value is the place behind it; or that, negative: nothing of it is released; or: */
const unsure = 0

/** Leaves out what stands between the two places. */
function cut(from: number, to: number): void {
  const length = from - kept
  if (length < 48) for (let i = kept; i < from; i++) output[written++] = input[i]!
  else {
    inputBuffer.copy(output, written, kept, from)
    written += length
  }
  kept = to
}

/** Writes something else for what stands between the two places, and gives the second; `unsure`: there is no room. */
function replace(from: number, to: number, text: string): number {
  cut(from, to)
  // No character takes more than three bytes, and the rest of the input has to have room behind it.
  if (written + text.length * 3 + inputEnd - to > output.length) return unsure
  written += output.write(text, written)
  return to
}

function copyValue(rule: Rule, at: number, depth: number): number {
  const first = input[at]!
  if (first === quote) return (rule.kinds & types.string) === 0 ? readString(rule, at, depth) : copyString(at)
  if (first === openBrace) {
    const { members } = rule
    return members === null ? runValue(rule, at, depth) : copyObject(members, at, depth)
  }
  if (first === openBracket) {
    const { element } = rule
    return element === null ? runValue(rule, at, depth) : copyArray(element, at, depth)
  }
  if (first <= 0x39) return copyNumber(rule, at, depth)
  const kind = first === 0x6e ? types.null : types.boolean
  return (rule.kinds & kind) === 0 ? runValue(rule, at, depth) : skipWord(at)
}

function copyNumber(rule: Rule, at: number, depth: number): number {
  const { kinds } = rule
  if ((kinds & types.integer) === 0) return runValue(rule, at, depth)
  const end = skipNumber(at)
  const isPlain = end !== 0 && isPlainNumber(at, end)
  if (isPlain && ((kinds & types.fraction) !== 0 || isWhole(at, end))) return end
  return runValue(rule, at, depth)
}

/** As it stands, if that is how `JSON.stringify` writes it. */
function copyString(at: number): number {
  for (let i = at + 1; ; i += 2) {
    while (special[input[i]!] === 0) i++
    const byte = input[i]!
    if (byte === quote) return i + 1
    if (byte !== backslash) return unsure
    if (!isShortEscape(input[i + 1]!)) return rewriteString(at)
  }
}

function rewriteString(at: number): number {
  const end = skipString(at)
  return end === 0 ? unsure : replace(at, end, JSON.stringify(JSON.parse(textOf(at, end))))
}

/** A string of which the contract says more. */
function readString(rule: Rule, at: number, depth: number): number {
  const end = skipString(at)
  if (end === 0) return unsure
  const inside = textOf(at + 1, end - 1)
  if (inside.includes('\\')) return runValue(rule, at, depth)
  const released = rule.shape.run(inside, depth)
  return released === inside ? end : writeReleased(released, at, end)
}

/** By its value. */
function runValue(rule: Rule, at: number, depth: number): number {
  const end = skipValue(at, depth)
  if (end === 0) return unsure
  return writeReleased(rule.shape.run(JSON.parse(textOf(at, end)), depth), at, end)
}

function writeReleased(released: unknown, at: number, end: number): number {
  if (released === failed) return unsure
  return released === undefined ? -end : replace(at, end, JSON.stringify(released))
}

function textOf(from: number, to: number): string {
  return inputBuffer.toString('utf8', from, to)
}

function copyArray(element: Rule, at: number, depth: number): number {
  if (depth > maxDepth) return unsure
  let i = skipBlank(at + 1)
  if (i !== at + 1) cut(at + 1, i)
  if (input[i] === closeBracket) return i + 1
  for (;;) {
    const end = copyValue(element, i, depth + 1)
    // An element that stays keeps the whole list, and that is not said here.
    if (end <= unsure) return unsure
    const behind = skipBlank(end)
    if (behind !== end) cut(end, behind)
    const byte = input[behind]
    if (byte === closeBracket) return behind + 1
    if (byte !== comma) return unsure
    i = skipBlank(behind + 1)
    if (i !== behind + 1) cut(behind + 1, i)
  }
}

function copyObject(members: Members, at: number, depth: number): number {
  if (depth > maxDepth) return unsure
  recall(members.met)
  return members.sorts ? sortMembers(members, at, depth) : copyMembers(members, at, depth)
}

/** As they come, which is the order of the contract. */
function copyMembers(members: Members, at: number, depth: number): number {
  const { rules } = members
  let next = 0
  /** Behind what leaves of this object so far, and where the comma of its next member stands; 0: it needs none. */
  let end = at + 1
  let separator = 0
  let i = skipBlank(end)
  let name = 0
  for (let isFirst = true; !isFirst || input[i] !== closeBrace; isFirst = false) {
    const index = whose(members, name, i)
    name = last.number
    if (index === unreadable) return unsure
    let behind: number
    if (index === nobody) {
      behind = skipValue(skipBlank(last.colonAt + 1), depth)
    } else {
      if (index < next) members.sorts = true
      if (index < next || lacks(members, next, index)) return unsure
      next = index + 1
      const before = written
      const keptBefore = kept
      if (separator === 0) cutBetween(end, i)
      else {
        cutBetween(end, separator)
        cutBetween(separator + 1, i)
      }
      behind = copyMember(rules[index]!, depth)
      if (behind > unsure) {
        end = behind
        separator = behind
      } else {
        written = before
        kept = keptBefore
        behind = -behind
      }
    }
    if (behind === unsure) return unsure
    i = skipBlank(behind)
    if (input[i] === closeBrace) break
    if (input[i] !== comma) return unsure
    if (separator !== 0) separator = i
    i = skipBlank(i + 1)
  }
  if (lacks(members, next, rules.length)) return unsure
  cutBetween(end, i)
  return i + 1
}

/** In the order of the contract, whatever the order in which they come. */
function sortMembers(members: Members, at: number, depth: number): number {
  const { rules } = members
  /** Start and end of each in `output`, with a comma behind it; of one that stays both are the same. */
  const spans = new Int32Array(rules.length * 2).fill(-1)
  cut(at + 1, at + 1)
  const from = written
  let i = skipBlank(at + 1)
  let name = 0
  for (let isFirst = true; !isFirst || input[i] !== closeBrace; isFirst = false) {
    const index = whose(members, name, i)
    name = last.number
    // Of two members of one name the last counts, which is not said here.
    if (index === unreadable || (index !== nobody && spans[index * 2] !== -1)) return unsure
    let behind: number
    if (index === nobody) {
      behind = skipValue(skipBlank(last.colonAt + 1), depth)
    } else {
      kept = i
      spans[index * 2] = written
      behind = copyMember(rules[index]!, depth)
      if (behind > unsure) {
        cut(behind, behind)
        // At once, so that whatever is written later leaves room for it. It stood in the input, or a brace does.
        output[written++] = comma
      } else written = spans[index * 2]!
      spans[index * 2 + 1] = written
      behind = Math.abs(behind)
    }
    if (behind === unsure) return unsure
    i = skipBlank(behind)
    if (input[i] === closeBrace) break
    if (input[i] !== comma) return unsure
    i = skipBlank(i + 1)
  }
  for (let index = 0; index < rules.length; index++)
    if (members.required[index] && spans[index * 2] === -1) return unsure
  arrange(spans, from)
  kept = i
  return i + 1
}

/** Room for members while they change places. */
const aside = Buffer.allocUnsafeSlow(output.length)

/** Writes what begins at `from` anew, without the last comma. */
function arrange(spans: Int32Array, from: number): void {
  output.copy(aside, from, from, written)
  written = from
  for (let i = 0; i < spans.length; i += 2)
    if (spans[i]! < spans[i + 1]!) written += aside.copy(output, written, spans[i], spans[i + 1])
  if (written > from) written--
}

function copyMember(rule: Rule, depth: number): number {
  cutBetween(last.end, last.colonAt)
  const value = skipBlank(last.colonAt + 1)
  cutBetween(last.colonAt + 1, value)
  return copyValue(rule, value, depth + 1)
}

function cutBetween(from: number, to: number): void {
  if (from !== to) cut(from, to)
}
