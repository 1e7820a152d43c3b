/** What may stand in `portico.yaml`. The comments of `examples/solstice/portico.yaml` say what each part means. */
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { exposures } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { rollout } from '#/publish/declaration/file/stages.ts'

const strict = { additionalProperties: false } as const

/** Short names: of contracts, upstreams, gates, capabilities, packages, attributes and partners. */
const namePattern = '^[a-z0-9]+(-[a-z0-9]+)*$'

const name = Type.String({ pattern: namePattern, maxLength: 63 })
const names = Type.Array(name, { uniqueItems: true })
const title = Type.String({ minLength: 1, maxLength: 200 })
const text = Type.String({ minLength: 1, maxLength: 2000 })
const duration = Type.String({ format: 'portico-duration' })
const time = Type.String({ format: 'portico-time' })
const url = Type.String({ format: 'portico-upstream' })

const optional = Type.Optional

const named = <Value extends TSchema>(value: Value) =>
  Type.Unsafe<Readonly<Record<string, Static<Value>>>>({
    type: 'object',
    propertyNames: { pattern: namePattern, maxLength: 63 },
    additionalProperties: value,
  })

const oneOf = <Word extends string>(...words: readonly Word[]) => Type.Unsafe<Word>({ enum: [...words] })

const contract = Type.Object(
  { file: Type.String({ minLength: 1 }), upstream: name, defaultClass: optional(Type.Literal('public')) },
  strict,
)

const timeouts = Type.Object(
  { connect: optional(duration), headers: optional(duration), idle: optional(duration) },
  strict,
)

const upstream = Type.Object({ live: url, sandbox: url, timeouts: optional(timeouts) }, strict)

const gate = Type.Object(
  {
    title,
    description: optional(text),
    lasts: optional(Type.String({ format: 'portico-days' })),
    onLapse: optional(oneOf('alarm', 'hide')),
  },
  strict,
)

const evidence = Type.Object(
  {
    gate: name,
    kind: oneOf('document', 'check', 'sign-off'),
    reference: Type.String({ minLength: 1, maxLength: 500 }),
    signedBy: optional(title),
    on: time,
    until: optional(time),
  },
  strict,
)

const capability = Type.Object(
  {
    title,
    exposure: Type.Unsafe<Exposure>({ enum: [...exposures] }),
    description: optional(text),
    successor: optional(name),
    gates: optional(names),
    evidence: optional(Type.Array(evidence)),
    rollout: optional(rollout),
  },
  strict,
)

const limits = Type.Object(
  {
    burst: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    perSecond: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
  },
  strict,
)

const quota = Type.Object(
  { amount: Type.Integer({ minimum: 1 }), period: oneOf('day', 'month', 'billing-period') },
  strict,
)

const price = Type.Object(
  { amount: Type.String({ maxLength: 30 }), currency: Type.String({ maxLength: 3 }) },
  strict,
)

const particulars = Type.Object(
  {
    value: optional(Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] })),
    quota: optional(quota),
    limits: optional(limits),
    price: optional(price),
  },
  strict,
)

/** `true`, or what there is to say of it: with a value it is static, with a quota metered, else boolean. */
const entitlement = Type.Unsafe<boolean | Static<typeof particulars>>({
  ...particulars,
  type: ['boolean', 'object'],
})

const environment = oneOf('live', 'sandbox')

const granted = Type.Object(
  {
    title,
    capabilities: optional(names),
    entitlements: optional(named(entitlement)),
    limits: optional(limits),
    environments: optional(Type.Array(environment, { minItems: 1, uniqueItems: true })),
    webhooks: optional(Type.Boolean()),
    support: optional(title),
    sla: optional(title),
    agreement: optional(oneOf('none', 'required')),
  },
  strict,
)

const application = Type.Object(
  { name: title, environments: Type.Array(environment, { minItems: 1, uniqueItems: true }) },
  strict,
)

const partner = Type.Object(
  {
    name: title,
    package: Type.String({ format: 'portico-package' }),
    attributes: optional(named(Type.String({ maxLength: 200 }))),
    applications: optional(Type.Array(application)),
  },
  strict,
)

export const shape = Type.Object(
  {
    provider: Type.Object({ name: title, supportEmail: optional(Type.String({ minLength: 3 })) }, strict),
    contracts: named(contract),
    upstreams: named(upstream),
    gates: optional(named(gate)),
    capabilities: named(capability),
    packages: named(granted),
    partners: optional(named(partner)),
  },
  strict,
)

/** The file as it was written, once it has been found to be in this shape. */
export type Written = Static<typeof shape>
export type WrittenPartner = NonNullable<Written['partners']>[string]
export type WrittenPackage = Written['packages'][string]
export type WrittenEntitlement = NonNullable<WrittenPackage['entitlements']>[string]
export type WrittenCapability = Written['capabilities'][string]
