/** What telemetry takes of an exchange; no body, no credential, no address. */

/** What is measured of an exchange. The partner is a label, the application is not: their number has no bound. */
export type Measured = {
  /** UUID; it is also the trace's id. */
  readonly id: string
  /** Wall clock, milliseconds. */
  readonly startedAt: number
  readonly durationUs: number
  readonly upstreamUs: number
  readonly environment: string
  readonly partnerId: string
  readonly applicationId: string
  readonly contract: string
  readonly apiVersion: string
  readonly operation: string
  readonly method: string
  readonly status: number
  readonly code: string | null
}
