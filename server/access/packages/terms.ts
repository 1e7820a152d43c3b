/** What a version of a package says: entitlements, limits and what else belongs to being on it. */

/** `burst`: calls at once; `perSecond`: steady. */
export type RateLimit = { readonly burst: number; readonly perSecond: number }

/** An amount per calendar day or month in the partner's time zone, or per billing period. */
export type Quota = { readonly amount: number; readonly period: 'day' | 'month' | 'billing-period' }

/** Money as in the API: a decimal string. */
export type Price = { readonly amount: string; readonly currency: string }

/** The right to a capability. What it leaves out is as the package says. */
export type Entitlement = {
  readonly kind: 'boolean' | 'static' | 'metered'
  /** Of a static one: what the provider's own services read, `{ "seats": 5 }`. */
  readonly value?: string | number | boolean
  /** Of a metered one. */
  readonly quota?: Quota
  readonly limits?: RateLimit
  /** Of one call that is charged. */
  readonly price?: Price
}

export type Environment = 'live' | 'sandbox'

export type PackageTerms = {
  /** By the name of the capability. */
  readonly entitlements: Readonly<Record<string, Entitlement>>
  readonly limits: RateLimit | null
  readonly environments: readonly Environment[]
  readonly webhooks: boolean
  /** Class of support, in the provider's words. */
  readonly support: string
  readonly sla: string | null
  /** Calls need an active agreement. */
  readonly agreement: 'none' | 'required'
}

/** Terms of a package that only names capabilities. */
export function plainTerms(capabilities: readonly string[]): PackageTerms {
  return {
    entitlements: Object.fromEntries(capabilities.toSorted().map((name) => [name, { kind: 'boolean' }])),
    limits: null,
    environments: ['live', 'sandbox'],
    webhooks: true,
    support: 'standard',
    sla: null,
    agreement: 'none',
  }
}
