/**
 * Passwords that are tried first. A list of 49,233 in the order of how often they were found, offline (from the
 * package `@zxcvbn-ts/language-common`, MIT), and the ways people lengthen one of them to what a form asks for.
 * With twelve characters at least, few are on the list as they are; almost all of the weak ones are made from it.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type CommonPasswords = (password: string) => boolean

/** Two of these side by side are 10^8 guesses: little for whoever holds the hash. */
const pairedUpTo = 10_000

const lookAlikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/** Rows of keys, and the slanting columns; runs over them count backwards too. */
const walks = ['1234567890', 'qwertyuiop', 'qwertzuiop', 'azertyuiop', 'asdfghjkl', 'zxcvbnm', 'yxcvbnm']
const columns = ['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm']

/** Reads the list: 20 ms and 4 MB on the machine that measured it. */
export function readCommonPasswords(): CommonPasswords {
  const file = fileURLToPath(import.meta.resolve('@zxcvbn-ts/language-common/src/passwords.json'))
  const list = JSON.parse(readFileSync(file, 'utf8')) as string[]
  const listed = new Set(list)
  const frequent = new Set(list.slice(0, pairedUpTo))
  return (password) => {
    const text = password.normalize('NFKC').toLowerCase()
    if (isWalk(text)) return true
    return formsOf(text).some(
      (form) => listed.has(form) || isPair(form, frequent) || isRepeated(form, (unit) => listed.has(unit)),
    )
  }
}

/** As it is; without what stands around it; without separators; with digits read as letters. */
function formsOf(text: string): string[] {
  const read = (from: string) => from.replaceAll(/[0134578@$!]/g, (one) => lookAlikes[one] ?? one)
  const bare = (from: string) => from.replaceAll(/^\P{L}+|\P{L}+$/gu, '')
  const joined = (from: string) => from.replaceAll(/[\s\p{P}\p{S}]+/gu, '')
  const forms = [
    text,
    bare(text),
    joined(text),
    joined(bare(text)),
    bare(read(text)),
    read(bare(text)),
    joined(read(bare(text))),
  ]
  return [...new Set(forms)].filter((form) => form.length > 0)
}

/** `passwordpassword`, `abc1abc1abc1`, `dragondragondra`. */
function isRepeated(text: string, isListed: (unit: string) => boolean): boolean {
  for (let length = 1; length <= text.length / 2; length += 1) {
    const unit = text.slice(0, length)
    if (text !== unit.repeat(Math.ceil(text.length / length)).slice(0, text.length)) continue
    return length <= 5 || isListed(unit)
  }
  return false
}

function isPair(text: string, frequent: ReadonlySet<string>): boolean {
  for (let at = 3; at <= text.length - 3; at += 1) {
    if (frequent.has(text.slice(0, at)) && frequent.has(text.slice(at))) return true
  }
  return false
}

/** At most four runs over the keyboard or the alphabet, `abcdef123456`, and hardly anything between them. */
function isWalk(text: string): boolean {
  let runs = 0
  let loose = 0
  for (let at = 0; at < text.length;) {
    let end = at + 1
    while (end < text.length && follows(text[end - 1]!, text[end]!)) end += 1
    if (end - at < 3) loose += end - at
    else runs += 1
    at = end
  }
  return runs <= 4 && loose <= 3
}

function follows(one: string, next: string): boolean {
  const distance = next.codePointAt(0)! - one.codePointAt(0)!
  if (Math.abs(distance) <= 1) return true
  return [...walks, ...columns].some((row) => row.includes(one + next) || row.includes(next + one))
}
