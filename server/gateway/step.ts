/** What a step is: it looks at an exchange and lets it go on, refuses it, or takes it over for a while. */
import type { Exchange, Refused } from '#/gateway/exchange.ts'
import type { Recorder } from '#/gateway/recorder.ts'
import type { Credential, Snapshot } from '#/gateway/snapshot.ts'
import type { Upstreams } from '#/gateway/upstream/pools.ts'
import type { Occurrence, ProblemDefinition } from '#/kernel/problem/problem.ts'

/** The step has taken the exchange over and will call `resume`. */
export const wait = 'wait'

/** Null: go on with the next step. */
export type Verdict = Refused | typeof wait | null

export type Step = (exchange: Exchange, gateway: Inside) => Verdict

export function refuse(definition: ProblemDefinition, occurrence: Occurrence = {}): Refused {
  return { definition, occurrence }
}

/** What `parseKey` says about the text of a credential; `digest` is the SHA-256 of the whole key, base64. */
export type ParsedKey =
  | { readonly ok: true; readonly digest: string }
  | { readonly ok: false; readonly reason: 'mistyped' | 'malformed' }

/** What a gateway may look at to find out who is signed in. */
export type SignedInRequest = {
  readonly method: string
  readonly address: string
  header(name: string): string | undefined
}

/**
 * The credential of a person who is signed in; null: nobody is. Rejects with a `Problem` where somebody is, and the
 * request still may not be made in its name (a foreign page, a session that has no such organisation).
 */
export type MemberOf = (request: SignedInRequest) => Promise<Credential | null>

/** Sizes in bytes, depth in nested arrays and objects. */
export type Limits = {
  /** Request content that is read for validation. */
  readonly bodyBytes: number
  /** Request content that is streamed. */
  readonly uploadBytes: number
  /** Answer of an upstream that is read for projection. */
  readonly answerBytes: number
  /** One record of JSON Lines or of an event stream. */
  readonly lineBytes: number
  readonly jsonDepth: number
}

/** Milliseconds. */
export type Timeouts = {
  /** From the forwarding of a request to the end of an answer that is not streamed. */
  readonly total: number
  /** How long a streamed answer may wait for a client that does not read. */
  readonly stalledClient: number
  /** How long `close` waits for open exchanges. */
  readonly drain: number
}

/** What the steps get from the gateway. */
export type Inside = {
  readonly snapshot: () => Snapshot
  readonly recorder: Recorder
  readonly clock: { wall(): number; monotonicUs(): number }
  readonly parseKey: (text: string) => ParsedKey
  /** Null: sessions are not served. */
  readonly members: { readonly cookie: string; readonly of: MemberOf } | null
  readonly upstreams: Upstreams
  readonly forwardedHeaders: (exchange: Exchange) => string[]
  readonly limits: Limits
  readonly timeouts: Timeouts
  /** Lets an exchange go on that a step took over; what the next steps throw is caught. */
  resume(exchange: Exchange, verdict: Refused | null): void
  /** Our bug: an empty 500, or a broken stream, and a loud log. */
  crash(exchange: Exchange, error: unknown): void
  /** A streamed answer has come to its end; null: complete. */
  finished(exchange: Exchange, bytes: number, code: string | null): void
  /** Tells our own log why an upstream's answer was refused; never the caller. */
  report(exchange: Exchange, event: string, details: Readonly<Record<string, unknown>>): void
}
