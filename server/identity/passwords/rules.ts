/** Which passwords we take: long ones that nobody would try first. No rule about kinds of characters. */
import { problem } from '#/kernel/problem/problem.ts'
import type { ProblemError } from '#/kernel/problem/problem.ts'
import type { CommonPasswords } from '#/identity/passwords/common.ts'

export const passwordRefused = problem('passwords.refused', 422, 'This password is not taken', {
  help: 'Choose one of 12 to 256 characters that is not common and does not contain your address or our name. Three or four random words do well.',
})

/** In characters, after NFKC. Twelve, because the second factor is not demanded of everyone. */
export const shortest = 12
export const longest = 256

/** Before NFKC, which may lengthen a character eighteenfold: nothing longer is looked at. */
const longestRaw = 1024

/** The one spelling of a password (NIST SP 800-63B §3.1.1.2: NFKC before hashing), or null when it is too long. */
export function normalisePassword(password: string): string | null {
  if (password.length > longestRaw) return null
  const text = password.normalize('NFKC')
  return lengthOf(text) > longest ? null : text
}

export type Bearer = {
  readonly email: string
  /** Of the provider, and of the product. */
  readonly names: readonly string[]
}

/** Everything that speaks against the password, at once. Throws `passwordRefused`. */
export function refuseWeak(password: string, bearer: Bearer, isCommon: CommonPasswords): void {
  const text = normalisePassword(password)
  const errors: ProblemError[] = []
  const refuse = (code: string, detail: string) =>
    errors.push({ code, detail, in: 'body', pointer: '#/password' })
  if (text === null) refuse('too_long', `It has more than ${longest} characters.`)
  else {
    if (lengthOf(text) < shortest) refuse('too_short', `It has fewer than ${shortest} characters.`)
    if (isCommon(text)) refuse('common', 'It is one of those that are tried first, or made from one.')
    if (contains(text, localPart(bearer.email))) refuse('contains_email', 'It contains the e-mail address.')
    if (bearer.names.flatMap(wordsOf).some((word) => contains(text, word))) {
      refuse('contains_name', 'It contains the name of the service.')
    }
  }
  if (errors.length > 0) throw passwordRefused.with({ errors })
}

function lengthOf(text: string): number {
  return Array.from(text).length
}

/** What is before the `@`, without a tag behind `+`. */
function localPart(email: string): string {
  return squash(email.split('@', 1)[0]?.split('+', 1)[0] ?? '')
}

/** The name as one word, and its words. */
function wordsOf(name: string): string[] {
  return [squash(name), ...name.split(/\s+/).map(squash)]
}

function squash(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** Words of three letters stand in too many others: `ada` in `canada`. */
function contains(password: string, word: string): boolean {
  return word.length >= 4 && squash(password).includes(word)
}
