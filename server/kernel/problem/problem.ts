/**
 * The two kinds of failure. A `Problem` is for the caller: it is documented, it is shown (RFC 9457) and it
 * changes nothing. Everything else that is thrown is our bug: an empty 500 and a loud log.
 */
export type ProblemDefinition = {
  readonly code: string
  readonly status: number
  /** The same for every occurrence. */
  readonly title: string
  /** What it means and what to do: for the reference page, and the detail of an answer that has none of its own. */
  readonly help: string
  /** May the same request succeed later without being changed? */
  readonly retryable: boolean
  with(occurrence?: Occurrence): Problem
}

/** One violation in a request, as RFC 9457 §3 shows it, with where it was and why. */
export type ProblemError = {
  readonly detail: string
  readonly code?: string
  readonly in?: string
  readonly pointer?: string
  readonly name?: string
}

/** What is particular to one occurrence. Nothing in it may come from an upstream or name an internal field. */
export type Occurrence = {
  readonly detail?: string
  readonly errors?: readonly ProblemError[]
  readonly decision?: { readonly rule: string; readonly code: string }
  readonly next?: readonly { readonly action: string; readonly detail: string; readonly href?: string }[]
  /** Headers of the answer: `Retry-After`, `WWW-Authenticate`, `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  /** For the log only. */
  readonly cause?: unknown
}

export class Problem extends Error {
  readonly definition: ProblemDefinition
  readonly occurrence: Occurrence
  constructor(definition: ProblemDefinition, occurrence: Occurrence) {
    super(`${definition.code}: ${occurrence.detail ?? definition.title}`, { cause: occurrence.cause })
    this.definition = definition
    this.occurrence = occurrence
  }
}

/** Defines a problem. Exported definitions are what the reference page lists; a code is never used twice. */
export function problem(
  code: string,
  status: number,
  title: string,
  options: { help: string; retryable?: boolean },
): ProblemDefinition {
  const definition: ProblemDefinition = {
    code,
    status,
    title,
    help: options.help,
    retryable: options.retryable ?? false,
    with: (occurrence = {}) => new Problem(definition, occurrence),
  }
  return definition
}

/** Where a problem happened. `base` is the public address under which the problem pages stand. */
export type Place = { readonly base: string; readonly instance: string; readonly requestId: string }

/** The body of `application/problem+json`. */
export function problemBody(
  definition: ProblemDefinition,
  occurrence: Occurrence,
  place: Place,
): Record<string, unknown> {
  return {
    type: `${place.base}/portal/problems/${definition.code}`,
    title: definition.title,
    status: definition.status,
    // Whoever reads it on a terminal opens no page: what there is to do stands in the answer itself.
    detail: occurrence.detail ?? definition.help,
    instance: place.instance,
    code: definition.code,
    requestId: place.requestId,
    retryable: definition.retryable,
    ...(occurrence.errors && { errors: occurrence.errors }),
    ...(occurrence.decision && { decision: occurrence.decision }),
    ...(occurrence.next && { next: occurrence.next.map((step) => absolute(step, place.base)) }),
  }
}

/** Whoever reads the answer knows the address it came from only as text, so the way out is a whole one. */
function absolute(step: NonNullable<Occurrence['next']>[number], base: string) {
  return step.href?.startsWith('/') ? { ...step, href: `${base}${step.href}` } : step
}

export function isProblemDefinition(value: unknown): value is ProblemDefinition {
  return (
    typeof value === 'object' && value !== null && 'code' in value && 'with' in value && 'retryable' in value
  )
}
