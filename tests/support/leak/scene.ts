/** The real gateway in front of an upstream that says anything, and calls through the two of them. */
import type { Operation } from '#/contracts/compile/compile.ts'
import { keys, startScene } from '../gateway.ts'
import type { Dice } from '../release/dice.ts'
import { judge, type Verdict } from './judge.ts'
import { mostBytes } from './message.ts'
import { say, type Saying } from './sayings.ts'
import type { Subject } from './subjects.ts'
import { startScripted } from './upstream.ts'
import { capture, type Captured } from './wire.ts'

export type LeakScene = {
  /** One call of the operation; `dice` decide what the upstream says to it. */
  call(subject: Subject, dice: Dice): Promise<{ saying: Saying; captured: Captured; verdict: Verdict }>
  close(): Promise<void>
}

/** What stands between client and upstream. */
type Front = { readonly port: number; close(): Promise<void> }

/** `spoil` makes of an operation what a broken gateway would have; `instead` replaces the gateway altogether. */
export async function startLeakScene(
  subjects: readonly Subject[],
  spoil: (operation: Operation) => Operation = (operation) => operation,
  instead?: (upstreamPort: number) => Promise<Front>,
): Promise<LeakScene> {
  const upstream = await startScripted()
  const byPath = new Map(
    subjects.map(({ operation }) => [`${operation.method} ${operation.path}`, operation]),
  )
  const options = {
    upstreamUrl: upstream.url,
    limits: { answerBytes: mostBytes, lineBytes: mostBytes },
    times: { headersTimeout: 2_000, idleTimeout: 2_000 },
  }
  const scene: Front =
    (await instead?.(upstream.port)) ?? (await startScene([...byPath.values()].map(spoil), options))
  return {
    async call(subject, dice) {
      const saying = say(subject, dice)
      const { script } = saying
      // Who replaces the gateway does not know where an answer ends.
      upstream.answer(instead && script.afterwards === 'keep' ? { ...script, afterwards: 'close' } : script)
      const captured = await capture(scene.port, requestOf(subject))
      return { saying, captured, verdict: judge(subject, saying, captured, secretsOf(upstream.port)) }
    },
    close: async () => {
      await Promise.all([scene.close(), upstream.close()])
    },
  }
}

export function requestOf({ operation, target }: Pick<Subject, 'operation' | 'target'>): string {
  const head = [`${operation.method} ${target} HTTP/1.1`, 'Host: gateway.example', 'Connection: close']
  return `${[...head, `Authorization: Bearer ${keys.live}`].join('\r\n')}\r\n\r\n`
}

/** What tells of the upstream whatever it says: its address, and how our connection to it failed. */
export function secretsOf(port: number): string[] {
  return [`:${port}`, '127.0.0.1', 'ECONN', 'UND_ERR', 'HPE_', 'undici', keys.live]
}
