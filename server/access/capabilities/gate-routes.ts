/** The gates of a capability in the management API: which it needs, the evidence for each, and taking evidence back. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { findCapability } from '#/access/capabilities/exposure.ts'
import {
  CapabilityAnswer,
  EvidenceAnswer,
  showCapability,
  showEvidence,
} from '#/access/capabilities/shown.ts'
import type { ShowDeps } from '#/access/capabilities/shown.ts'
import {
  addEvidence,
  badEvidence,
  declareNeeds,
  evidenceNotFound,
  gateNotFound,
  listEvidence,
  listGates,
  withdrawEvidence,
} from '#/access/readiness/readiness.ts'
import type { Evidence, NewEvidence } from '#/access/readiness/readiness.ts'
import { parseTime } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { route } from '#/kernel/http/http.ts'
import type { Route } from '#/kernel/http/http.ts'
import { parseId } from '#/kernel/id/id.ts'

const gateName = Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 63 })
const time = Type.String({
  maxLength: 40,
  description: 'ISO 8601 with its zone, such as `2027-11-01T00:00:00Z`.',
})

const told = {
  kind: Type.Union([Type.Literal('document'), Type.Literal('check'), Type.Literal('sign-off')]),
  reference: Type.String({
    minLength: 1,
    maxLength: 500,
    pattern: '\\S',
    description: 'Where the document is, what the check was, what was signed.',
  }),
  signedBy: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '\\S',
      description: 'Who signed or ran it; a sign-off needs it.',
    }),
  ),
  from: Type.Optional(time),
  until: Type.Optional(time),
}
const Told = Type.Object(told, { additionalProperties: false })
const ToldOfGate = Type.Object({ gate: gateName, ...told }, { additionalProperties: false })

export function evidenceRoutes(deps: ShowDeps): Route[] {
  return [needsRoute(deps), listRoute(deps.sealer), addRoute(deps.sealer), withdrawRoute(deps.sealer)]
}

function needsRoute(deps: ShowDeps): Route {
  return route({
    method: 'PUT',
    path: '/v1/capabilities/:name/gates',
    permission: 'access:write',
    action: 'capabilities.need_gates',
    summary: 'Makes a capability need these gates and no others; evidence may come with them',
    params: Type.Object({ name: Type.String() }),
    body: Type.Object(
      {
        gates: Type.Array(gateName, { uniqueItems: true, maxItems: 50 }),
        evidence: Type.Optional(Type.Array(ToldOfGate, { maxItems: 50 })),
      },
      { additionalProperties: false },
    ),
    answer: { status: 200, schema: CapabilityAnswer },
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact(async (tx) => {
        const capability = await findCapability(tx, params.name)
        for (const { gate, ...each } of body.evidence ?? []) {
          await addEvidence(tx, read(capability.id, gate, each), deps.sealer)
        }
        await declareNeeds(tx, capability.id, body.gates)
        return showCapability(tx, capability, deps)
      }),
    }),
  })
}

const ofGate = Type.Object({ name: Type.String(), gate: Type.String() })

function listRoute(sealer: Sealer): Route {
  return route({
    method: 'GET',
    path: '/v1/capabilities/:name/gates/:gate/evidence',
    permission: 'access:read',
    summary: 'Evidence for a gate of a capability, newest first, also what was withdrawn',
    params: ofGate,
    answer: { status: 200, schema: Type.Object({ data: Type.Array(EvidenceAnswer) }) },
    handle: async ({ params, transact }) => ({
      status: 200,
      body: await transact(async (tx) => {
        const own = await evidenceOf(tx, sealer, params)
        return { data: own.map((one) => showEvidence(one, tx.now)) }
      }),
    }),
  })
}

function addRoute(sealer: Sealer): Route {
  return route({
    method: 'POST',
    path: '/v1/capabilities/:name/gates/:gate/evidence',
    permission: 'access:write',
    action: 'capabilities.add_evidence',
    summary: 'Adds evidence for a gate; it may be there before the capability needs the gate',
    params: ofGate,
    body: Told,
    answer: { status: 201, schema: EvidenceAnswer },
    handle: async ({ params, body, transact }) => ({
      status: 201,
      body: await transact(async (tx) => {
        const capability = await findCapability(tx, params.name)
        const { id } = await addEvidence(tx, read(capability.id, params.gate, body), sealer)
        return showEvidence(theOne(await evidenceOf(tx, sealer, params), id), tx.now)
      }),
    }),
  })
}

function withdrawRoute(sealer: Sealer): Route {
  return route({
    method: 'POST',
    path: '/v1/capabilities/:name/gates/:gate/evidence/:evidence/withdraw',
    permission: 'access:write',
    action: 'capabilities.withdraw_evidence',
    summary: 'Takes evidence back; refused where an open capability rests on it',
    params: Type.Object({ ...ofGate.properties, evidence: Type.String({ description: '`evd_…`' }) }),
    body: Type.Object(
      { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
      { additionalProperties: false },
    ),
    answer: { status: 200, schema: EvidenceAnswer },
    handle: async ({ params, body, transact }) => ({
      status: 200,
      body: await transact(async (tx) => {
        const id = parseId('evd', params.evidence)
        await withdrawEvidence(tx, theOne(await evidenceOf(tx, sealer, params), id).id, body.reason)
        return showEvidence(theOne(await evidenceOf(tx, sealer, params), id), tx.now)
      }),
    }),
  })
}

/** Throws `capabilityNotFound`, `gateNotFound`. */
async function evidenceOf(
  tx: Tx,
  sealer: Sealer,
  { name, gate }: Static<typeof ofGate>,
): Promise<readonly Evidence[]> {
  const capability = await findCapability(tx, name)
  if (!(await listGates(tx)).some((each) => each.name === gate)) throw gateNotFound.with()
  return (await listEvidence(tx, sealer, capability.id)).filter((one) => one.gate === gate)
}

/** Throws `evidenceNotFound`. */
function theOne(evidence: readonly Evidence[], id: string | null): Evidence {
  const found = evidence.find((one) => one.id === id)
  if (!found) throw evidenceNotFound.with()
  return found
}

function read(capabilityId: string, gate: string, body: Static<typeof Told>): NewEvidence {
  const { kind, reference, signedBy, from, until } = body
  return {
    capabilityId,
    gate,
    kind,
    reference: reference.trim(),
    ...(signedBy !== undefined && { signedBy: signedBy.trim() }),
    ...(from !== undefined && { from: readTime('from', from) }),
    ...(until !== undefined && { until: readTime('until', until) }),
  }
}

/** Throws `badEvidence`. */
function readTime(name: string, text: string): Date {
  const at = parseTime(text)
  if (Number.isNaN(at.getTime())) {
    throw badEvidence.with({ detail: `${name} is no time such as 2027-11-01T00:00:00Z.` })
  }
  return at
}
