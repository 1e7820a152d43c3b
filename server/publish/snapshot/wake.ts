/**
 * Hears when something was committed (`NOTIFY portico_change`), so that a change need not wait for the next
 * look. It only makes things faster: whoever uses it looks by itself as well, because a notification can be lost
 * with its connection, silently.
 */
import pg from 'pg'
import type { Log } from '#/kernel/log/log.ts'

export type Wake = {
  /** Resolves after `milliseconds`, at the next notification, or at once when one came since the last wait. */
  wait(milliseconds: number): Promise<void>
  stop(): Promise<void>
}

const shortestPause = 100
const longestPause = 5000

export function createWake(connectionString: string, log: Log): Wake {
  const bell = createBell()
  let client: pg.Client | null = null
  let pause = shortestPause
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function connect(): Promise<void> {
    const opened = new pg.Client({
      connectionString,
      application_name: 'portico listen',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    })
    client = opened
    // Errors come here while it is idle; its end comes in every case, and once.
    opened.on('error', () => {})
    opened.once('end', () => again(opened))
    opened.on('notification', () => bell.ring())
    try {
      await opened.connect()
      await opened.query('listen portico_change')
      pause = shortestPause
      // What was announced before we listened.
      bell.ring()
    } catch (error) {
      log.warn({ event: 'snapshot.listen_failed', err: error })
      again(opened)
      await opened.end().catch(() => {})
    }
  }

  function again(lost: pg.Client): void {
    if (stopped || client !== lost) return
    client = null
    timer = setTimeout(() => void connect(), pause)
    pause = Math.min(pause * 2, longestPause)
  }

  void connect()
  return {
    wait: (milliseconds) => bell.wait(milliseconds),
    async stop() {
      stopped = true
      clearTimeout(timer)
      bell.ring()
      await client?.end().catch(() => {})
    },
  }
}

function createBell() {
  let rung = false
  let waiting: (() => void) | null = null
  return {
    ring() {
      rung = true
      waiting?.()
    },
    wait(milliseconds: number): Promise<void> {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          waiting = null
          rung = false
          resolve()
        }
        const timer = setTimeout(done, milliseconds)
        if (rung) done()
        else waiting = done
      })
    },
  }
}
