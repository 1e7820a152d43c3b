/** The door of the rollups: what a partner used, by hour and operation. */
import { Type } from 'typebox'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { partnerOperation } from '#/kernel/http/http.ts'
import type { OperationCall, PartnerOperation } from '#/kernel/http/http.ts'
import { problem } from '#/kernel/problem/problem.ts'
import * as store from '#/usage/rollups/store.ts'

export const BadRange = problem('usage.bad_range', 422, 'This period cannot be shown', {
  help: '`from` must lie before `to`, and at most 31 days may lie between them. Ask for a longer period in parts.',
})
export const BadCursor = problem('usage.bad_cursor', 400, 'This cursor does not continue this list', {
  help: 'A cursor goes with the very query that returned it. Begin again without one.',
})

const hourMilliseconds = 3_600_000
const daysMost = 31
const count = (description: string) => Type.Integer({ minimum: 0, description })

const Hour = Type.Object({
  hour: Type.String({ format: 'date-time', description: 'Beginning of the hour, UTC.' }),
  contract: Type.String(),
  operation: Type.String(),
  calls: count('Calls that were answered with a known credential, refused ones included.'),
  metered: count('Of these: forwarded and answered below 500. They are what counts as usage.'),
  clientErrors: count('Answers from 400 to 499.'),
  serverErrors: count('Answers of 500 and above.'),
  brokenStreams: count('Streamed answers that broke off.'),
  requestBytes: count('Bytes of request bodies.'),
  responseBytes: count('Bytes of answer bodies; of a stream, once it has ended.'),
  durationMs: Type.Number({ minimum: 0, description: 'Sum of the milliseconds until the answers.' }),
  durationMaxMs: Type.Number({ minimum: 0, description: 'The longest of them.' }),
})

const Answer = Type.Object({
  data: Type.Array(Hour),
  nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
  from: Type.String({ format: 'date-time' }),
  to: Type.String({ format: 'date-time' }),
  asOf: Type.String({ format: 'date-time', description: 'Every call answered before is in the counts.' }),
})

const Query = Type.Object({
  from: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Cut to the hour it lies in; by default a day before `to`.',
    }),
  ),
  to: Type.Optional(
    Type.String({ format: 'date-time', description: 'Filled up to a whole hour; by default now.' }),
  ),
  operation: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Only this operation.' }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'Rows of a page; 100 by default.' }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 2000, description: '`nextCursor` of the page before, with the same query.' }),
  ),
})

export type RollupDeps = { readonly clock: Clock; readonly sealer: Sealer }

export function usageOperation(deps: RollupDeps): PartnerOperation {
  return partnerOperation({
    id: 'getUsage',
    method: 'GET',
    path: '/partner/usage',
    summary: 'Your calls by hour and operation',
    description: 'Counts follow the calls within about a second; `asOf` says up to when they are complete.',
    capability: 'partner-api',
    scopes: ['usage:read'],
    permission: 'usage:read',
    query: Query,
    status: 200,
    response: Answer,
    handle: (tx, call) => listUsage(deps, tx, call),
  })
}

async function listUsage(deps: RollupDeps, tx: Tx, call: OperationCall) {
  const { partnerId, query } = call
  const now = deps.clock.wall()
  // The whole query is bound, so a cursor fits neither another partner nor another filter.
  const bound = ['from', 'to', 'operation'].map((name) => query.get(name))
  const context = JSON.stringify(['usage.getUsage', call.environment, partnerId, ...bound])
  const cursor = query.get('cursor')
  const resumed = cursor === null ? null : readCursor(deps.sealer, cursor, context)
  const { from, to } = resumed ?? readRange(query.get('from'), query.get('to'), now)
  const limit = Number(query.get('limit') ?? 100)
  const filter = { from, to, operation: query.get('operation') }
  const rows = await store.listHours(tx, partnerId, filter, resumed?.after ?? null, limit + 1)
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  const until = await store.completeUntil(tx, new Date(now - 24 * hourMilliseconds))
  return {
    status: 200,
    body: {
      data: shown.map(present),
      nextCursor: last ? writeCursor(deps.sealer, { from, to, after: placeOf(last) }, context) : null,
      from,
      to,
      asOf: (until ?? new Date(now)).toISOString(),
    },
  }
}

function present({ durationUs, durationMaxUs, ...row }: store.HourRow) {
  const times = { durationMs: durationUs / 1000, durationMaxMs: durationMaxUs / 1000 }
  return { ...row, hour: row.hour.toISOString(), ...times }
}

function placeOf(row: store.HourRow): store.Place {
  return { hour: row.hour.toISOString(), contract: row.contract, operation: row.operation }
}

function readRange(from: string | null, to: string | null, now: number): { from: string; to: string } {
  const end = to === null ? now : Date.parse(to)
  const begin = from === null ? end - 24 * hourMilliseconds : Date.parse(from)
  const errors = [
    { name: 'from', detail: 'is not a time such as 2026-11-01T00:00:00Z', wrong: Number.isNaN(begin) },
    { name: 'to', detail: 'is not a time such as 2026-11-01T00:00:00Z', wrong: Number.isNaN(end) },
    { name: 'from', detail: 'does not lie before `to`', wrong: begin >= end },
    {
      name: 'from',
      detail: `lies more than ${daysMost} days before \`to\``,
      wrong: end - begin > daysMost * 24 * hourMilliseconds,
    },
  ].filter(({ wrong }) => wrong)
  if (errors.length > 0) {
    throw BadRange.with({
      detail: errors.map(({ name, detail }) => `\`${name}\` ${detail}.`).join(' '),
      errors: errors.map(({ name, detail }) => ({ in: 'query', name, detail })),
    })
  }
  const hour = (time: number) => new Date(time * hourMilliseconds).toISOString()
  return { from: hour(Math.floor(begin / hourMilliseconds)), to: hour(Math.ceil(end / hourMilliseconds)) }
}

/** The range travels along: its default moves with the clock, a list being read must not. */
type Cursor = { readonly from: string; readonly to: string; readonly after: store.Place }

function writeCursor(sealer: Sealer, cursor: Cursor, context: string): string {
  return sealer.sign(JSON.stringify(cursor), context)
}

function readCursor(sealer: Sealer, text: string, context: string): Cursor {
  const cursor = sealer.verify(text, context)
  if (cursor === null) throw BadCursor.with()
  return JSON.parse(cursor) as Cursor
}
