/** Where a transaction stands. */
import type pg from 'pg'
import type { AuditSink } from '#/kernel/db/actor.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Schema } from '#/kernel/db/migrations.ts'

/**
 * One of the three places a transaction can stand in. `control` says who exists and who may what; `live` and
 * `sandbox` say what happened, with `control` behind them on the search path.
 */
export type World = {
  readonly name: Schema
  readonly pool: pg.Pool
  readonly clock: Clock
  /** Where audit lines go; a program that opens none (a command, a test) writes none. */
  readonly audit?: AuditSink
}
