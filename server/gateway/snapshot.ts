/**
 * All that the gateway may know of the world: contracts, credentials and decisions, in memory.
 *
 * `publish/` provides it and swaps parts of it under the gateway's feet; between two reads of one request
 * it may change, so a step keeps what it has found on the exchange and never asks twice.
 */
import type { Operation } from '#/contracts/compile/compile.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

export type Environment = 'live' | 'sandbox'

/** Where an upstream listens and how long it may take. Times in milliseconds. */
export type Upstream = {
  readonly name: string
  /** `http://host:port` or `https://…`, with an optional path that is put in front of the operation's. No trailing slash. */
  readonly url: string
  /** Until the connection stands. */
  readonly connectTimeout: number
  /** From the last byte sent to the status line. */
  readonly headersTimeout: number
  /** Between two chunks of the answer's body. */
  readonly idleTimeout: number
}

/** A signed-in person of a partner. */
export type Member = {
  readonly id: string
  readonly role: string
  /** Wall clock, milliseconds: when the person last proved again who it is; null: not since the sign-in. */
  readonly steppedUpAt: number | null
}

/** What a handler inside this process gets instead of an HTTP request. Everything in it is already validated. */
export type LocalCall = {
  readonly partnerId: string
  readonly applicationId: string
  readonly environment: Environment
  readonly requestId: string
  readonly credentialId: string
  /** Network address of the caller. */
  readonly address: string
  /** The person of a session; null: an application. */
  readonly member: Member | null
  /** Captured path segments by name, decoded. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
}

export type LocalAnswer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** An operation is served by an upstream, or by a handler of our own. */
export type Target =
  | { readonly kind: 'remote'; readonly upstreams: Readonly<Record<Environment, Upstream>> }
  | {
      readonly kind: 'local'
      /** May a signed-in person with this role call it? */
      readonly allows: (role: string) => boolean
      readonly handle: (call: LocalCall) => Promise<LocalAnswer>
    }

/** An operation that is served. */
export type Route = {
  readonly operation: Operation
  readonly target: Target
  /** What `Api-Version` says on its answers. */
  readonly apiVersion: string
}

export type Match =
  /** `path` holds the captured segments in the order of the template, percent-encoded as they were sent. */
  | { readonly kind: 'found'; readonly route: Route; readonly path: readonly string[] }
  /** The path is known with other methods; they are listed for `Allow`. Empty where every one of them is dark. */
  | { readonly kind: 'other-method'; readonly allow: readonly string[] }
  | { readonly kind: 'none' }

export type Application = {
  readonly id: string
  readonly partnerId: string
  readonly environment: Environment
}

export type Credential = {
  readonly id: string
  readonly application: Application
  /** Wall clock, milliseconds; null: does not expire. */
  readonly expiresAt: number | null
  /** Wall clock, milliseconds; a revoked key stays known so that the answer can say so. */
  readonly revokedAt: number | null
  /** What it may be used for; null: everything its application is entitled to. */
  readonly scopes: ReadonlySet<string> | null
  /** Whether it may be used from a network address; null: from anywhere. */
  readonly usableFrom: ((address: string) => boolean) | null
  /** The person of a session; null: the key of an application. */
  readonly member: Member | null
}

/** Links of the chain of access, in their order: the first that says no decides. */
export const decisionRules = [
  'exposure',
  'readiness',
  'partner',
  'application',
  'package',
  'environment',
  'capability',
  'rollout',
  'pilot',
  'agreement',
  'scopes',
] as const

/** Where an access refusal comes from: the link of the chain that said no. */
export type DecisionRule = (typeof decisionRules)[number]

/** What the partner can do about a refusal. */
export type NextStep = { readonly action: string; readonly detail: string; readonly href?: string }

/** `burst`: calls at once; `perSecond`: steady. */
export type RateLimit = { readonly burst: number; readonly perSecond: number }

/** An amount of calls per period. */
export type Quota = { readonly amount: number; readonly period: 'day' | 'month' | 'billing-period' }

/** Of one call; the amount is a decimal string. */
export type Price = { readonly amount: string; readonly currency: string }

/** `validUntil`: milliseconds of business time; from then on it is not used any more. Null: until a change is announced. */
export type Decision =
  | {
      readonly allow: true
      readonly limits?: RateLimit
      readonly quota?: Quota
      readonly price?: Price
      readonly validUntil: number | null
    }
  | {
      readonly allow: false
      /**
       * The reason, one of a closed list: `access.not_in_package`. Status 404 hides the operation altogether,
       * and then nothing of this decision may leave.
       */
      readonly problem: ProblemDefinition
      readonly rule: DecisionRule
      readonly detail: string
      readonly next: readonly NextStep[]
      readonly validUntil: number | null
    }

export type Snapshot = {
  /** Number of the last change that is in it. */
  readonly version: number
  match(method: string, path: string): Match
  /** By the SHA-256 of the whole key, as base64. */
  credential(digest: string): Credential | undefined
  /** As of now: a decision that is past its `validUntil` is made again first. */
  decide(application: Application, route: Route): Decision
  /** True when no credential at all could call this route today (dark, internal): it is answered like an unknown path. */
  hidden(route: Route): boolean
}
