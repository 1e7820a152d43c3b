/** JSON text in one of the many ways to write it, valid all of them: blanks, escapes, numbers, the order of members. */
import type { Dice } from './dice.ts'

export function spell(dice: Dice, value: unknown): string {
  const blanks = dice.pick(['', '', ' ', '\n  ', '\r\n\t'])
  const blank = (): string => (dice.chance(0.5) ? blanks : '')
  const isShuffled = dice.chance(0.3)
  const isEscaped = dice.chance(0.4)

  function write(at: unknown): string {
    if (Array.isArray(at)) return `[${blank()}${at.map((each) => write(each) + blank()).join(`,${blank()}`)}]`
    if (typeof at === 'object' && at !== null) return object(Object.entries(at))
    if (typeof at === 'number') return numberText(dice, at)
    return typeof at === 'string' ? stringText(dice, at, isEscaped) : JSON.stringify(at)
  }

  function object(entries: [string, unknown][]): string {
    const members = entries.map(([name, member]) => {
      const text = dice.chance(0.02) ? stringText(dice, name, isEscaped) : JSON.stringify(name)
      return `${text}${blank()}:${blank()}${write(member)}${blank()}`
    })
    if (isShuffled) members.sort(() => dice.pick([-1, 1]))
    if (members.length > 0 && dice.chance(0.02)) members.push(dice.pick(members))
    return `{${blank()}${members.join(`,${blank()}`)}}`
  }

  return blank() + write(value) + blank()
}

function numberText(dice: Dice, number: number): string {
  const text = JSON.stringify(number)
  if (dice.chance(0.7)) return text
  const isWhole = Number.isInteger(number) && !text.includes('e')
  return dice.pick([
    isWhole ? `${text}.0` : text,
    isWhole ? `${text}.50` : text,
    isWhole ? `${text}e0` : text,
    number.toExponential(),
    number.toExponential().replace('e', 'E'),
    (number / 3).toString(),
    (number / 1e7).toString(),
    `-${Math.abs(number)}`,
    '-0',
    '0.000001',
    '0.0000001',
    '1e15',
    '999999999999999',
    '9007199254740991',
    '12345678901234567890',
    '1e400',
  ])
}

const odd = [
  'é',
  '漢',
  '😀',
  '\\u00e9',
  '\\ud83d\\ude00',
  '\\ud800',
  '\\/',
  '\\n',
  '\\"',
  '\\\\',
  '\\u0007',
  '\\b',
  '\u007f',
]

function stringText(dice: Dice, text: string, isEscaped: boolean): string {
  const written = JSON.stringify(text).slice(1, -1)
  if (!isEscaped || dice.chance(0.5)) return `"${written}"`
  if (dice.chance(0.5)) return `"${written}${dice.pick(odd)}"`
  const units = Array.from({ length: text.length }, (_, at) =>
    text.charCodeAt(at).toString(16).padStart(4, '0'),
  )
  return `"${units.map((unit) => `\\u${dice.chance(0.5) ? unit : unit.toUpperCase()}`).join('')}"`
}
