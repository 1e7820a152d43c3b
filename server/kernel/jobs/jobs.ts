/** Work in the background: pg-boss queues, enqueued in the business transaction, and its cron. */
import { PgBoss } from 'pg-boss'
import type { Tx } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'

/** The schema pg-boss keeps its tables in; worlds may write to it. */
export const jobsSchema = 'jobs'

export type Job = {
  /** `usage.partitions`: area and noun. */
  readonly name: string
  /** Five fields, UTC; without it the job runs when it is enqueued. */
  readonly cron?: string
  /** Runs at least once; must bear being run again. */
  run(data: unknown): Promise<void>
}

export type Jobs = {
  /** Joins the transaction: the job exists if and only if it commits. */
  enqueue(tx: Tx, name: string, data: object): Promise<void>
  /** Runs a job now, in this process, outside the queue. */
  runNow(name: string, data?: object): Promise<void>
  stop(): Promise<void>
}

/** Starts the queues; every queue exists (is warm) when this resolves. */
export async function startJobs(ownerUrl: string, jobs: readonly Job[], log: Log): Promise<Jobs> {
  const boss = new PgBoss({
    connectionString: ownerUrl,
    schema: jobsSchema,
    application_name: 'portico jobs',
    max: 3,
  })
  boss.on('error', (error) => log.error({ event: 'jobs.error', err: error }))
  await boss.start()
  for (const job of jobs) {
    await boss.createQueue(job.name)
    if (job.cron) await boss.schedule(job.name, job.cron, null, { tz: 'UTC' })
    await boss.work(job.name, async (batch) => {
      for (const item of batch) await runLogged(job, item.data, log)
    })
  }
  const byName = new Map(jobs.map((job) => [job.name, job]))
  return {
    async enqueue(tx, name, data) {
      const db = {
        executeSql: async (text: string, values?: unknown[]) => ({ rows: await tx.rows(text, values ?? []) }),
      }
      await boss.send(name, data, { db })
    },
    async runNow(name, data = {}) {
      const job = byName.get(name)
      if (!job) throw new Error(`there is no job ${name}`)
      await runLogged(job, data, log)
    },
    stop: () => boss.stop({ graceful: true, timeout: 5000 }),
  }
}

async function runLogged(job: Job, data: unknown, log: Log): Promise<void> {
  try {
    await job.run(data)
    log.debug({ event: 'job.done', job: job.name })
  } catch (error) {
    log.error({ event: 'job.failed', job: job.name, err: error })
    throw error
  }
}
