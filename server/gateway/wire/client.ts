/**
 * How a call talks to whoever carries it to the upstream. undici's dispatcher does it this way, so the two that
 * carry calls, undici and our own client, can stand in for each other.
 */
import type { Readable } from 'node:stream'

export type Outgoing = {
  readonly path: string
  readonly method: string
  /** Flat: name, value, name, value, … */
  readonly headers: string[]
  readonly body: Buffer | Readable | null
  /** Milliseconds. */
  readonly headersTimeout: number
  readonly bodyTimeout: number
}

/** What the caller can do with a request that is on its way. */
export type Controller = {
  readonly aborted: boolean
  abort(reason: Error): void
  pause(): void
  resume(): void
}

/** Told what becomes of a request; `onResponseEnd` or `onResponseError` is the last word, and comes once. */
export type Listening = {
  /** There is a connection, and the request goes out now. */
  onRequestStart(controller: Controller): void
  /** Also interim answers (1xx). */
  onResponseStart(
    controller: Controller,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void
  onResponseData(controller: Controller, chunk: Buffer): void
  onResponseEnd(): void
  /** Null: the request never had a connection. */
  onResponseError(controller: Controller | null, error: Error): void
}

export type Client = {
  dispatch(request: Outgoing, listening: Listening): unknown
}

/** Why our own client gives up, each with what the connection had to do with it. */
export class WireError extends Error {
  readonly code: 'closed' | 'timeout' | 'protocol' | 'unreachable'
  /** The connection had served before, and nothing of this answer had arrived (RFC 9112 §9.3.1). */
  readonly wasKept: boolean

  constructor(code: WireError['code'], message: string, wasKept = false) {
    super(message)
    this.name = 'WireError'
    this.code = code
    this.wasKept = wasKept
  }
}
