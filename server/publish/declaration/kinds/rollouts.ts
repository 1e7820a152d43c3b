/** Rollouts of a capability as fields, `rollout.live`: the stage it is in, and the steps still to come. */
import { isDeepStrictEqual } from 'node:util'
import { findCapability } from '#/access/capabilities/capabilities.ts'
import { at } from '#/access/history/history.ts'
import {
  previewRollout,
  readRollouts,
  rolloutInvalid,
  scheduleRollout,
  setRollout,
} from '#/access/rollouts/rollouts.ts'
import type { Rollout } from '#/access/rollouts/rollouts.ts'
import { findPartner, findPartnerBySlug } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { WrittenCapability } from '#/publish/declaration/file/shape.ts'
import {
  rolloutOf,
  scheduleAt,
  scheduleOf,
  stageFrom,
  writtenSchedule,
} from '#/publish/declaration/file/stages.ts'
import type { Schedule, Stage, Step } from '#/publish/declaration/file/stages.ts'
import { pathOf } from '#/publish/declaration/things.ts'
import type { Fields, Thing } from '#/publish/declaration/things.ts'

const environments = ['live', 'sandbox'] as const

export function saidRollouts({ rollout }: WrittenCapability): Fields {
  return Object.fromEntries(environments.map((each) => [`rollout.${each}`, scheduleOf(rollout, each)]))
}

/** A schedule as it stands at a moment: steps that were taken are no difference. */
export function rolloutsAt(thing: Thing, now: Date): Thing {
  if (thing.kind !== 'capabilities') return thing
  const fields = { ...thing.fields }
  for (const each of environments.map((environment) => `rollout.${environment}`)) {
    if (fields[each]) fields[each] = scheduleAt(fields[each] as Schedule, now.toISOString())
  }
  return { ...thing, fields }
}

/** Reads all rollouts at once. */
export async function createRolloutReader(tx: Tx) {
  const timelines = await readRollouts(tx, null)
  const slugs = new Map<string, string>()
  const now = tx.now.getTime()
  const stageOf = async (rollout: Rollout): Promise<Stage> => {
    for (const id of rollout.kind === 'cohort' ? rollout.partners : []) {
      if (!slugs.has(id)) slugs.set(id, (await findPartner(tx, id))?.slug ?? id)
    }
    return stageFrom(rollout, (id) => slugs.get(id) ?? id)
  }
  return {
    async of(capabilityId: string): Promise<Fields> {
      const fields: Record<string, Schedule> = {}
      for (const environment of environments) {
        const timeline = timelines.get(`${capabilityId} ${environment}`) ?? []
        const steps: Step[] = []
        for (const { from, value } of timeline.filter((span) => span.from > now)) {
          steps.push({ at: new Date(from).toISOString(), ...(await stageOf(value ?? off)) })
        }
        const read = { now: await stageOf(at(timeline, now).value ?? off), steps }
        fields[`rollout.${environment}`] = scheduleAt(read, tx.now.toISOString())
      }
      return fields
    },
  }
}

const off: Rollout = { kind: 'off' }

/** How many partners a change lets in and puts out, whatever else decides. */
export type Reach = {
  readonly path: string
  readonly field: string
  readonly gain: number
  readonly lose: number
}

/** `counts`: for rollouts of capabilities that were there before. */
export async function applyRollouts(tx: Tx, change: Change, counts: boolean): Promise<readonly Reach[]> {
  const changed = change.fields.filter(({ field }) => field.startsWith('rollout.'))
  if (changed.length === 0) return []
  const { id } = await findCapability(tx, change.thing.name)
  const reach: Reach[] = []
  for (const { field, before, after } of changed) {
    const environment = field === 'rollout.live' ? 'live' : 'sandbox'
    const { now, steps } = after as Schedule
    const written = async (said: Stage) => rolloutOf(said, await idsOf(tx, said))
    if (!isDeepStrictEqual((before as Schedule | undefined)?.now, now)) {
      const next = await written(now)
      if (counts && change.verb === 'change') {
        const { gains, loses } = await previewRollout(tx, id, environment, next, 0)
        reach.push({ path: pathOf(change.thing), field, gain: gains.count, lose: loses.count })
      }
      await setRollout(tx, id, environment, next)
    }
    const later: { at: Date; rollout: Rollout }[] = []
    for (const { at: time, ...said } of steps)
      later.push({ at: new Date(time), rollout: await written(said) })
    await scheduleRollout(tx, id, environment, later)
  }
  return reach
}

async function idsOf(tx: Tx, said: Stage): Promise<(slug: string) => string> {
  const ids = new Map<string, string>()
  for (const slug of 'cohort' in said ? said.cohort.partners : []) {
    const partner = await findPartnerBySlug(tx, slug)
    if (!partner) throw rolloutInvalid.with({ detail: `There is no partner ${slug}.` })
    ids.set(slug, partner.id)
  }
  return (slug) => ids.get(slug) ?? slug
}

/** Undefined: on everywhere, which needs no word. */
export function writtenRollout(fields: Fields): WrittenCapability['rollout'] {
  const [live, sandbox] = environments.map((each) => writtenSchedule(fields[`rollout.${each}`] as Schedule))
  if (live === 'on' && sandbox === 'on') return undefined
  return live === 'off' && sandbox === 'off' ? 'off' : { live: live!, sandbox: sandbox! }
}
