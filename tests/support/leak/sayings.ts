/** What an upstream says to a request: mostly what its document describes, and otherwise one thing wrong with it. */
import type { Dice } from '../release/dice.ts'
import { bytesOf, markersFrom, plain, type Making } from './message.ts'
import type { Subject } from './subjects.ts'
import type { Script } from './upstream.ts'
import { ways } from './ways.ts'

export type Saying = {
  readonly way: string
  readonly script: Script
  readonly status: number
  /** Parsed, in order; null: nobody can read this content, so nothing of it may leave. */
  readonly values: readonly unknown[] | null
  readonly content: Buffer
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export function say(subject: Subject, dice: Dice): Saying {
  const making: Making = { subject, dice, next: markersFrom }
  const message = plain(making)
  const way = dice.chance(0.55) ? 'as described' : dice.pick(Object.keys(ways))
  ways[way]?.(message, making)
  const script = {
    bytes: bytesOf(message, making),
    afterwards: message.afterwards,
    piece: dice.pick([40, 900, 1e6]),
  }
  const { status, values, content, headers } = message
  return { way, script, status, values, content, headers }
}
