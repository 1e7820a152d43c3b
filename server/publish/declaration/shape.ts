/** What may stand in `portico.yaml`. The comments of `examples/solstice/portico.yaml` say what each part means. */
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { exposures } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'

const strict = { additionalProperties: false } as const

/** Short names: of contracts, upstreams, capabilities, packages and partners. */
const namePattern = '^[a-z0-9]+(-[a-z0-9]+)*$'

const name = Type.String({ pattern: namePattern, maxLength: 63 })
const title = Type.String({ minLength: 1, maxLength: 120 })
const duration = Type.String({ format: 'portico-duration' })
const url = Type.String({ format: 'portico-upstream' })

const named = <Value extends TSchema>(value: Value) =>
  Type.Unsafe<Readonly<Record<string, Static<Value>>>>({
    type: 'object',
    propertyNames: { pattern: namePattern, maxLength: 63 },
    additionalProperties: value,
  })

const contract = Type.Object(
  {
    file: Type.String({ minLength: 1 }),
    upstream: name,
    defaultClass: Type.Optional(Type.Literal('public')),
  },
  strict,
)

const timeouts = Type.Object(
  { connect: Type.Optional(duration), headers: Type.Optional(duration), idle: Type.Optional(duration) },
  strict,
)

const upstream = Type.Object({ live: url, sandbox: url, timeouts: Type.Optional(timeouts) }, strict)

const exposure = Type.Unsafe<Exposure>({ enum: [...exposures] })

const capability = Type.Object({ title, exposure }, strict)

const granted = Type.Object({ title, capabilities: Type.Array(name, { uniqueItems: true }) }, strict)

const environment = Type.Unsafe<'live' | 'sandbox'>({ enum: ['live', 'sandbox'] })

const application = Type.Object(
  { name: title, environments: Type.Array(environment, { minItems: 1, uniqueItems: true }) },
  strict,
)

const partner = Type.Object(
  { name: title, package: name, applications: Type.Optional(Type.Array(application)) },
  strict,
)

export const shape = Type.Object(
  {
    provider: Type.Object(
      { name: title, supportEmail: Type.Optional(Type.String({ minLength: 3 })) },
      strict,
    ),
    contracts: named(contract),
    upstreams: named(upstream),
    capabilities: named(capability),
    packages: named(granted),
    partners: Type.Optional(named(partner)),
  },
  strict,
)

/** The file as it was written, once it has been found to be in this shape. */
export type Written = Static<typeof shape>
