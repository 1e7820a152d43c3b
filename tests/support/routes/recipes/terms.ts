/** Rows and recipes of packages, grants, pilots and agreements. How to add one: `recipe.ts`. */
import { draftAgreement, sendAgreement, signAgreement } from '#/access/agreements/agreements.ts'
import type { VersionName } from '#/access/agreements/agreements.ts'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { declarePackage, grantByName, plainTerms } from '#/access/packages/packages.ts'
import { findRunning, joinWaitlist, openPilot } from '#/access/pilots/pilots.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId, parseId, publicId } from '#/kernel/id/id.ts'
import { lapsedCapability } from '../../access/lapsed.ts'
import { capability, makeCapability, newName } from './capabilities.ts'
import { partner } from './identity.ts'
import type { Ids, Place, Recipes, Row } from './recipe.ts'
import type { Stage } from '../stage.ts'

/** Only its title tells that it has to do with the partner: packages are everybody's. */
export async function makePackage(stage: Stage, { marker }: Place): Promise<string> {
  const name = `package-${newId()}`
  await stage.inTx((tx) =>
    declarePackage(tx, { name, title: `The ${marker} package`, terms: plainTerms([]) }),
  )
  return name
}

const pack: Row = { kind: 'shared', make: makePackage, absent: () => 'no-such-package' }

const granted: Row = {
  ...capability,
  make: (stage, { partnerId }) =>
    makeCapability(stage, 'general', (tx, { name }) =>
      grantByName(tx, partnerId, name, { granted: true, reason: 'asked for' }),
    ),
}

/** The name of what the pilot is for. */
function makePilot(
  stage: Stage,
  exposure: 'dark' | 'pilot',
  more: (tx: Tx, pilotId: string) => Promise<unknown> = async () => {},
): Promise<string> {
  return makeCapability(stage, exposure, async (tx, { name }) => {
    const { id } = await openPilot(tx, { capability: name, capacity: 5, endsAt: null })
    await more(tx, id)
  })
}

async function pilotOf(stage: Stage, name: string): Promise<string> {
  return publicId('plt', (await stage.inTx((tx) => findRunning(tx, name))).id)
}

const pilot: Row = { make: async (stage) => pilotOf(stage, await makePilot(stage, 'pilot')) }
const withPilot: Row = { ...capability, make: (stage) => makePilot(stage, 'dark') }
const withoutPilot: Row = { ...capability, make: (stage) => makeCapability(stage, 'dark') }

/** Named in the body, so that what is no id at all has another answer. */
const anyPartner: Row = { ...partner, kind: 'shared', absent: () => publicId('ptn', newId()) }

const waiting: Row = {
  ...partner,
  kind: 'shared',
  async make(stage, { partnerId }, { id = '' }) {
    await stage.inTx((tx) => joinWaitlist(tx, partnerId, parseId('plt', id)!))
    return publicId('ptn', partnerId)
  },
}

/** Names that partners cannot tell apart: of nothing, of what is dark, and of what is hidden by a gate that lapsed. */
export const hidden = ['no-such-thing', 'hush', 'stale'] as const

/** What stands behind the names above, with a pilot each. */
export async function hide({ database, inTx }: Stage): Promise<void> {
  const [, darkName, lapsedName] = hidden
  await inTx((tx) => declareCapability(tx, { name: darkName, title: 'Hush', exposure: 'dark' }))
  await lapsedCapability(database.control, lapsedName, 'pilot')
  for (const name of [darkName, lapsedName]) {
    await inTx((tx) => openPilot(tx, { capability: name, capacity: 5, endsAt: null }))
  }
}

export const inPilot: Row = {
  kind: 'shared',
  make: (stage) => makePilot(stage, 'pilot'),
  absent: () => hidden,
}

export const inPilotWithPlace: Row = {
  ...inPilot,
  make: (stage, { partnerId }) =>
    makePilot(stage, 'pilot', (tx, pilotId) => joinWaitlist(tx, partnerId, pilotId)),
}

const terms = { noticeDays: 0, capabilities: [], overrides: {}, sla: null, consents: [] }
const day = 86_400_000
let drafted = 0

/** A day that no other has: agreements of a partner are not in force together. */
function draft() {
  drafted += 1
  const startsAt = new Date(Date.UTC(2100, 0, 1) + drafted * day)
  return { startsAt, endsAt: new Date(startsAt.getTime() + day), terms }
}

function written() {
  const { startsAt, endsAt } = draft()
  return { startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), terms }
}

async function makeAgreement(
  stage: Stage,
  { partnerId, marker }: Place,
  more: (tx: Tx, partnerId: string, name: VersionName) => Promise<unknown> = async () => {},
): Promise<string> {
  const { agreementId } = await stage.inTx(async (tx) => {
    const made = await draftAgreement(tx, partnerId, { reference: `${marker} ${newId()}`, ...draft() })
    await more(tx, partnerId, { agreementId: made.agreementId, number: 1 })
    return made
  })
  return publicId('agr', agreementId)
}

export function makeSigned(stage: Stage, place: Place): Promise<string> {
  return makeAgreement(stage, place, async (tx, partnerId, name) => {
    await sendAgreement(tx, partnerId, name)
    await signAgreement(tx, stage.sealer, partnerId, name, { by: `A ${place.marker}`, at: tx.now })
  })
}

const agreement: Row = { make: (stage, place) => makeAgreement(stage, place) }
const sent: Row = { make: (stage, place) => makeAgreement(stage, place, sendAgreement) }
const signed: Row = { make: makeSigned }

/** Of the first version; there is no other. */
const number: Row = { kind: 'shared', make: async () => '1', absent: () => '9' }

const drafts = { id: partner, agreement, number } as const
const versions = '/v1/partners/:id/agreements/:agreement/versions'
const because = () => ({ reason: 'as agreed' })
const byPartner = ({ partner: one }: Ids) => ({ partner: one })

export const termsOperationRecipes: Recipes = {
  'GET /partner/access/pilots': {
    unmarked: 'Pilots are everybody’s, and of the partner it says only where it stands.',
  },
  'POST /partner/access/pilots/{capability}/place': { rows: { capability: inPilot } },
  'DELETE /partner/access/pilots/{capability}/place': { rows: { capability: inPilotWithPlace } },
}

export const termsRouteRecipes: Recipes = {
  'GET /v1/packages/:name': { rows: { name: pack } },
  'POST /v1/packages/:name/versions': {
    rows: { name: newName },
    body: () => ({ title: 'A package', terms: plainTerms([]) }),
  },
  'PUT /v1/partners/:id/package': { rows: { id: partner, name: pack }, body: ({ name }) => ({ name }) },
  'POST /v1/partners/:id/grants': {
    rows: { id: partner, capability },
    body: ({ capability: name }) => ({ capability: name, reason: 'asked for' }),
  },
  'DELETE /v1/partners/:id/grants/:capability': {
    rows: { id: partner, capability: granted },
    query: because,
  },

  'GET /v1/pilots/:id': { rows: { id: pilot } },
  'GET /v1/capabilities/:name/pilot': { rows: { name: withPilot } },
  'POST /v1/capabilities/:name/pilot': {
    rows: { name: withoutPilot },
    body: () => ({ capacity: 5, endsAt: null }),
  },
  'PATCH /v1/pilots/:id': { rows: { id: pilot }, body: () => ({ capacity: 7 }) },
  'GET /v1/pilots/:id/places': { rows: { id: pilot } },
  'POST /v1/pilots/:id/places': { rows: { id: pilot, partner: anyPartner }, body: byPartner },
  'POST /v1/pilots/:id/admit': {
    rows: { id: pilot, partner: anyPartner },
    body: ({ partner: one }) => ({ partners: [one] }),
  },
  'DELETE /v1/pilots/:id/places/:partner': { rows: { id: pilot, partner: waiting } },
  'POST /v1/pilots/:id/promote': { rows: { id: pilot }, body: because },
  'POST /v1/pilots/:id/cancel': { rows: { id: pilot }, body: because },

  'GET /v1/partners/:id/agreements': { rows: { id: partner } },
  'GET /v1/partners/:id/agreements/:agreement': { rows: { id: partner, agreement } },
  'POST /v1/partners/:id/agreements': {
    rows: { id: partner },
    body: () => ({ reference: newId(), ...written() }),
  },
  [`POST ${versions}`]: { rows: { id: partner, agreement: signed }, body: written },
  [`PUT ${versions}/:number`]: { rows: drafts, body: written },
  [`POST ${versions}/:number/send`]: { rows: drafts },
  [`POST ${versions}/:number/withdraw`]: { rows: drafts },
  [`POST ${versions}/:number/sign`]: {
    rows: { ...drafts, agreement: sent },
    body: () => ({ signedBy: 'A person', signedAt: '2026-01-01T00:00:00Z' }),
  },
  'POST /v1/partners/:id/agreements/:agreement/end': {
    rows: { id: partner, agreement: signed },
    body: because,
  },
}
