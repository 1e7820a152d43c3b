/** The installation that this shell's settings name, for commands that work in its database. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createAuditSink, refuseOtherKey } from '../../server/governance/audit/audit.ts'
import { systemClock } from '../../server/kernel/clock/clock.ts'
import { ConfigError, installationKey, readConfig } from '../../server/kernel/config/config.ts'
import type { Config } from '../../server/kernel/config/config.ts'
import { createSealer } from '../../server/kernel/crypto/crypto.ts'
import { migrate, openDatabase, startEmbedded, transact } from '../../server/kernel/db/db.ts'
import type { Database } from '../../server/kernel/db/db.ts'
import { jobsSchema } from '../../server/kernel/jobs/jobs.ts'
import { Problem } from '../../server/kernel/problem/problem.ts'

/**
 * An embedded server that runs already is somebody's and goes on; one that was started for this is stopped again.
 * `changes`: what the work does stands in the audit, which takes the installation's key.
 */
export async function inInstallation<T>(
  work: (database: Database, config: Config) => Promise<T>,
  changes = false,
): Promise<T> {
  const config = readConfig(process.env)
  if (!config.databaseUrl && !existsSync(config.data)) {
    throw new Error(`nothing was installed in ${config.data}; start Portico first, or set DATABASE_URL`)
  }
  const sealer = changes ? createSealer(keyInUse(config)) : null
  const embedded = config.databaseUrl ? null : await startEmbedded({ data: config.data, database: 'portico' })
  try {
    const ownerUrl = config.databaseUrl ?? embedded!.url
    const roles = await migrate(ownerUrl, [jobsSchema])
    const clock = systemClock()
    const clocks = { control: clock, live: clock, sandbox: clock }
    const database = openDatabase({
      ownerUrl,
      roles,
      clocks,
      poolSize: 1,
      ...(sealer && { audit: createAuditSink(sealer) }),
    })
    try {
      const actor = { kind: 'system', name: 'command line' } as const
      if (sealer) await transact(database.control, actor, (tx) => refuseOtherKey(tx, sealer))
      return await work(database, config)
    } finally {
      await database.close()
    }
  } finally {
    if (embedded && !embedded.adopted) await embedded.stop()
  }
}

/** The key that the installation has; unlike a start, a command makes none. */
export function keyInUse(config: Config): Buffer {
  if (!config.key && !existsSync(join(config.data, 'key'))) {
    throw new Error(`the installation's key is neither in PORTICO_KEY nor in ${config.data}`)
  }
  return installationKey(config)
}

/** What to say of a failure. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.occurrence.detail ?? error.definition.title
  if (error instanceof ConfigError) return error.mistakes.join('\nportico: ')
  return (error as Error).message
}
