/** What a version of an agreement says beside its term. The schema is the form of it, in the API as in the table. */
import { Type } from 'typebox'
import type { Price, Quota, RateLimit } from '#/access/packages/packages.ts'
import { lineOfText } from '#/kernel/http/http.ts'

/** In place of what the package says. */
export type Overrides = {
  readonly limits?: RateLimit
  /** By the name of the capability. */
  readonly capabilities?: Readonly<Record<string, CapabilityOverride>>
}

export type CapabilityOverride = {
  readonly limits?: RateLimit
  readonly quota?: Quota
  readonly price?: Price
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

const strict = { additionalProperties: false } as const
const most = 1_000_000_000
const name = '^[a-z0-9]+(-[a-z0-9]+)*$'

const RateLimitForm = Type.Object(
  {
    burst: Type.Integer({ minimum: 1, maximum: most, description: 'Calls at once.' }),
    perSecond: Type.Number({ exclusiveMinimum: 0, maximum: most, description: 'Steady.' }),
  },
  strict,
)

const QuotaForm = Type.Object(
  {
    amount: Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 }),
    period: Type.Union([Type.Literal('day'), Type.Literal('month'), Type.Literal('billing-period')]),
  },
  strict,
)

const PriceForm = Type.Object(
  {
    amount: Type.String({ pattern: String.raw`^\d{1,12}(\.\d{1,4})?$`, description: 'Of one call: `0.05`.' }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  },
  strict,
)

const OverrideForm = Type.Object(
  {
    limits: Type.Optional(RateLimitForm),
    quota: Type.Optional(QuotaForm),
    price: Type.Optional(PriceForm),
  },
  { ...strict, minProperties: 1 },
)

export const AgreementTermsForm = Type.Object(
  {
    noticeDays: Type.Integer({
      minimum: 0,
      maximum: 3650,
      description: 'Days before the end from which on it is `expiring`.',
    }),
    capabilities: Type.Array(Type.String({ maxLength: 100, pattern: name }), {
      maxItems: 200,
      description: 'Granted beside the package.',
    }),
    overrides: Type.Object(
      {
        limits: Type.Optional(RateLimitForm),
        capabilities: Type.Optional(
          Type.Record(Type.String({ maxLength: 100, pattern: name }), OverrideForm),
        ),
      },
      { ...strict, description: 'In place of what the package says.' },
    ),
    sla: Type.Union([lineOfText(100, "Class of service, in the provider's words."), Type.Null()]),
    consents: Type.Array(
      Type.Object(
        { purpose: Type.String({ maxLength: 100, pattern: name }), granted: Type.Boolean() },
        strict,
      ),
      { maxItems: 100, description: 'Purposes for which data may be shared, or may not.' },
    ),
  },
  strict,
)
