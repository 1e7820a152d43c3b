/** Keeps the chain close behind the writers: every second it seals what was committed since. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Anchor } from '#/governance/audit/anchor.ts'
import { sealAudit } from '#/governance/audit/chain.ts'
import type { Digester } from '#/governance/audit/line.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'

export type SealingOptions = {
  readonly control: World
  readonly digester: Digester
  readonly anchor: Anchor
  readonly log: Log
  /** Milliseconds between two passes. */
  readonly interval?: number
}

export type Sealing = {
  start(): void
  /** Everything that was committed before this call is sealed when it resolves, or another node is at it. */
  sealNow(): Promise<void>
  /** Makes a last pass; what it does not reach is sealed after the next start. */
  stop(): Promise<void>
}

const actor = { kind: 'system', name: 'audit' } as const
const longestPause = 60_000

export function createSealing(options: SealingOptions): Sealing {
  const { control, digester, anchor, log, interval = 1000 } = options
  const stopping = new AbortController()
  const pass = async () => {
    for (let more = true; more;) {
      const known = anchor.read()
      const sealed = await transact(control, actor, (tx) => sealAudit(tx, digester, { known }))
      if (sealed.head) anchor.write(sealed.head)
      if (sealed.forged.length > 0) log.error({ event: 'audit.forged', lines: sealed.forged })
      more = sealed.more
    }
  }
  let current: Promise<void> = Promise.resolve()
  /** One pass at a time; the next begins when the last is over, however it ended. */
  const sealNow = () => (current = current.then(pass, pass))
  let loop: Promise<void> | null = null
  const run = async () => {
    for (let failures = 0; !stopping.signal.aborted;) {
      try {
        await sealNow()
        if (failures > 0) log.info({ event: 'audit.sealing_recovered', failures })
        failures = 0
      } catch (error) {
        failures += 1
        log.error({ event: 'audit.sealing_failed', failures, err: error })
      }
      const pause = Math.min(interval * 2 ** failures, longestPause)
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  return {
    start: () => void (loop ??= run()),
    sealNow,
    async stop() {
      stopping.abort()
      await loop
      await sealNow().catch((error: unknown) => log.error({ event: 'audit.sealing_failed', err: error }))
    },
  }
}
