/**
 * What the gateway leaves behind of every exchange, and the promise it needs: `record` resolves once the
 * record would survive the death of this process, and the answer leaves only then.
 */
import type { Environment } from '#/gateway/snapshot.ts'

/** One exchange with a partner. Holds ids and numbers, never a body, a credential or personal data. */
export type ExchangeRecord = {
  /** UUIDv7 of the request; the usage record has the same id, which makes every later step idempotent. */
  readonly id: string
  /** Wall clock, milliseconds. */
  readonly receivedAt: number
  readonly environment: Environment
  readonly partnerId: string
  readonly applicationId: string
  readonly credentialId: string
  readonly contract: string
  readonly apiVersion: string
  readonly operation: string
  readonly method: string
  readonly status: number
  /** Problem code of a refusal or failure; null for an answer of the upstream. */
  readonly code: string | null
  /** Counts as usage: forwarded and answered below 500. */
  readonly metered: boolean
  /** Microseconds from the request's first byte to its answer, and of that the upstream's share. */
  readonly durationUs: number
  readonly upstreamUs: number
  readonly requestBytes: number
  /** Null: a stream that is still running when its head leaves; `finish` tells the rest. */
  readonly responseBytes: number | null
}

/** How a streamed answer ended. */
export type StreamEnd = {
  readonly id: string
  readonly environment: Environment
  readonly durationUs: number
  readonly responseBytes: number
  /** Null: complete; else why it broke off: `gateway.off_contract`, `gateway.client_gone`, `gateway.upstream_broke`. */
  readonly code: string | null
}

/** A refusal without a known credential. They are counted, not recorded one by one, so a flood cannot fill the disk. */
export type Refusal = {
  readonly status: number
  readonly code: string
  readonly operation: string | null
}

export type Recorder = {
  /** `done` is called once the record stands (with an error when it could not be written: then nothing may be answered). */
  record(record: ExchangeRecord, done: (error: Error | null) => void): void
  finish(end: StreamEnd): void
  refuse(refusal: Refusal): void
}
