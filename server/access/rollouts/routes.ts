/** Rollouts in the management API. */
import { Type } from 'typebox'
import { findCapability } from '#/access/capabilities/capabilities.ts'
import type { Environment } from '#/access/packages/packages.ts'
import { attributeRoutes } from '#/access/rollouts/attribute-routes.ts'
import { readCourse, rollBack, scheduleRollout, setRollout } from '#/access/rollouts/changing.ts'
import { previewRollout } from '#/access/rollouts/preview.ts'
import type { Side } from '#/access/rollouts/preview.ts'
import { rolloutInvalid, scheduleInvalid } from '#/access/rollouts/problems.ts'
import { readRollout } from '#/access/rollouts/reading.ts'
import type { Rollout } from '#/access/rollouts/rule.ts'
import { parseTime } from '#/kernel/clock/clock.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId, publicId } from '#/kernel/id/id.ts'

const time = Type.String({ format: 'date-time' })
const strict = { additionalProperties: false } as const

/** What exactly may stand in it `readRollout` knows: a rule nests, and its mistakes want a place. */
const Written = Type.Object(
  { kind: Type.Union((['off', 'on', 'percentage', 'cohort'] as const).map((kind) => Type.Literal(kind))) },
  {
    additionalProperties: true,
    description:
      '`{kind: off | on}`, `{kind: percentage, percent}` with 0 to 100 and at most two decimals, or `{kind: cohort, partners, rule}` with ids (`ptn_…`) and a rule: `{attribute, in: […]}`, `{all: […]}`, `{any: […]}` or `{not: …}`.',
  },
)

const CourseAnswer = Type.Object({
  rollout: Type.Union([Written, Type.Null()], {
    description: 'In force now; null: none was said, which is off.',
  }),
  since: Type.Union([time, Type.Null()]),
  planned: Type.Array(Type.Object({ at: time, rollout: Written })),
  before: Type.Array(Type.Object({ from: time, rollout: Written }), {
    description: 'What was in force before, newest first.',
  }),
})

const params = Type.Object({
  name: Type.String({ description: 'Short name of the capability.' }),
  environment: Type.Unsafe<Environment>({ enum: ['live', 'sandbox'] }),
})
const answer = { status: 200, schema: CourseAnswer }
const path = '/v1/capabilities/:name/rollouts/:environment'

export function rolloutRoutes(): Route[] {
  return [findRoute(), setRoute(), scheduleRoute(), rollBackRoute(), previewRoute(), ...attributeRoutes()]
}

function findRoute(): Route {
  return route({
    method: 'GET',
    path,
    permission: 'access:read',
    summary: 'How far a capability is switched on, what was before, and what is planned',
    params,
    answer,
    handle: async ({ params, transact }) => ({
      status: 200,
      body: await transact((tx) => change(tx, params, async () => {})),
    }),
  })
}

function setRoute(): Route {
  return route({
    method: 'PUT',
    path,
    permission: 'access:write',
    action: 'rollouts.set',
    summary: 'Switches a capability on, off, or on for some, from now on; what was planned is taken back',
    params,
    body: Type.Object({ rollout: Written }, strict),
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact((tx) =>
        change(tx, params, (id) => setRollout(tx, id, params.environment, read(body.rollout))),
      ),
    }),
  })
}

function scheduleRoute(): Route {
  return route({
    method: 'POST',
    path: `${path}/schedule`,
    permission: 'access:write',
    action: 'rollouts.schedule',
    summary: 'Plans these steps and no others; none at all takes back what was planned',
    params,
    body: Type.Object(
      {
        steps: Type.Array(Type.Object({ at: Type.String({ maxLength: 40 }), rollout: Written }, strict), {
          maxItems: 50,
        }),
      },
      strict,
    ),
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact((tx) =>
        change(tx, params, (id) => scheduleRollout(tx, id, params.environment, body.steps.map(readStep))),
      ),
    }),
  })
}

function readStep({ at, rollout }: { readonly at: string; readonly rollout: unknown }, i: number) {
  const time = parseTime(at)
  if (Number.isNaN(time.getTime())) {
    throw scheduleInvalid.with({ detail: `Step ${i + 1} has no time such as 2027-11-01T00:00:00Z.` })
  }
  return { at: time, rollout: read(rollout) }
}

function rollBackRoute(): Route {
  return route({
    method: 'POST',
    path: `${path}/roll-back`,
    permission: 'access:write',
    action: 'rollouts.roll_back',
    summary: 'Goes back to what was in force before, at once; what was planned is taken back',
    params,
    body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) }, strict),
    answer,
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact((tx) =>
        change(tx, params, (id) => rollBack(tx, id, params.environment, body.reason)),
      ),
    }),
  })
}

const SideAnswer = Type.Object({
  count: Type.Integer(),
  partners: Type.Array(Type.Object({ id: Type.String(), slug: Type.String() })),
})

function previewRoute(): Route {
  return route({
    method: 'POST',
    path: `${path}/preview`,
    permission: 'access:write',
    action: 'rollouts.preview',
    summary:
      'Which partners another rollout would let in and put out, as far as the rollout decides; changes nothing',
    params,
    body: Type.Object(
      {
        rollout: Written,
        limit: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 1000,
            description: 'Partners named on each side; 100 by default.',
          }),
        ),
      },
      strict,
    ),
    answer: { status: 200, schema: Type.Object({ gains: SideAnswer, loses: SideAnswer }) },
    handle: async ({ params, body, transact }) => {
      const { name, environment } = params
      const { gains, loses } = await transact(async (tx) => {
        const { id } = await findCapability(tx, name)
        tx.audit({
          action: 'rollouts.preview',
          subject: { kind: 'capability', id },
          changes: { environment },
        })
        return previewRollout(tx, id, environment, read(body.rollout), body.limit ?? 100)
      })
      return { status: 200, body: { gains: showSide(gains), loses: showSide(loses) } }
    },
  })
}

function showSide({ count, partners }: Side) {
  return { count, partners: partners.map(({ id, slug }) => ({ id: publicId('ptn', id), slug })) }
}

type Place = { readonly name: string; readonly environment: Environment }

/** What the rollout is after the change. Throws `capabilityNotFound`. */
async function change(
  tx: Tx,
  { name, environment }: Place,
  work: (capabilityId: string) => Promise<unknown>,
) {
  const { id } = await findCapability(tx, name)
  await work(id)
  return showCourse(tx, id, environment)
}

/** Of both environments, for the page of the capability. */
export async function showRollouts(tx: Tx, capabilityId: string) {
  return {
    live: await showCourse(tx, capabilityId, 'live'),
    sandbox: await showCourse(tx, capabilityId, 'sandbox'),
  }
}

async function showCourse(tx: Tx, capabilityId: string, environment: Environment) {
  const { past, planned } = await readCourse(tx, capabilityId, environment)
  const told = past.map(({ from, rollout }) => ({
    from: new Date(from).toISOString(),
    rollout: show(rollout),
  }))
  const now = told.pop()
  return {
    rollout: now?.rollout ?? null,
    since: now?.from ?? null,
    planned: planned.map(({ at, rollout }) => ({ at: at.toISOString(), rollout: show(rollout) })),
    before: told.toReversed(),
  }
}

function show(rollout: Rollout) {
  if (rollout.kind !== 'cohort') return rollout
  return { ...rollout, partners: rollout.partners.map((id) => publicId('ptn', id)) }
}

/** Partners by their ids inside. Throws `rolloutInvalid`. */
function read(written: unknown): Rollout {
  const rollout = readRollout(written)
  if (rollout.kind !== 'cohort') return rollout
  const partners = rollout.partners.map((text) => {
    const id = parseId('ptn', text)
    if (id === null) throw rolloutInvalid.with({ detail: `${text.slice(0, 40)} is no id of a partner.` })
    return id
  })
  return { ...rollout, partners: partners.toSorted() }
}
