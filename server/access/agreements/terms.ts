/** What a version of an agreement says beside its term. */
import type { Price, Quota, RateLimit } from '#/access/packages/packages.ts'

/** In place of what the package says. */
export type Overrides = {
  readonly limits?: RateLimit
  /** By the name of the capability. */
  readonly capabilities?: Readonly<
    Record<string, { readonly limits?: RateLimit; readonly quota?: Quota; readonly price?: Price }>
  >
}

export type AgreementTerms = {
  /** Days before its end from which on it is `expiring`. */
  readonly noticeDays: number
  /** Granted beside the package. */
  readonly capabilities: readonly string[]
  readonly overrides: Overrides
  readonly sla: string | null
  /** Purposes for which data may be shared. */
  readonly consents: readonly { readonly purpose: string; readonly granted: boolean }[]
}
