/** Whom another rollout would let in, and whom it would put out, before anybody says it. */
import { at } from '#/access/history/history.ts'
import { assignmentsOf, listPackageVersions, readAssignments } from '#/access/packages/packages.ts'
import type { Environment } from '#/access/packages/packages.ts'
import { attributeWords, readAttributes, valuesAt } from '#/access/rollouts/attributes.ts'
import { checkedRollout, readCourse } from '#/access/rollouts/changing.ts'
import { includes } from '#/access/rollouts/rule.ts'
import type { Rollout, RolloutPartner } from '#/access/rollouts/rule.ts'
import { listPartners } from '#/identity/partners/partners.ts'
import type { Partner } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'

/** How many there are, and the first of them in the order they were created. */
export type Side = { readonly count: number; readonly partners: readonly Pick<Partner, 'id' | 'slug'>[] }

export type Preview = { readonly gains: Side; readonly loses: Side }

const batch = 5000

/**
 * Of the rollout alone: package, pilot and agreement decide as well. Looks at every partner. Throws `rolloutInvalid`.
 */
export async function previewRollout(
  tx: Tx,
  capabilityId: string,
  environment: Environment,
  written: Rollout,
  most: number,
): Promise<Preview> {
  const next = await checkedRollout(tx, written)
  const { past } = await readCourse(tx, capabilityId, environment)
  const now: Rollout = past.at(-1)?.rollout ?? { kind: 'off' }
  const known = byRule(now) || byRule(next) ? await knower(tx) : plainly
  const [gains, loses] = [side(most), side(most)]
  for (let after: string | undefined; ;) {
    const partners = await listPartners(tx, {}, { limit: batch, ...(after !== undefined && { after }) })
    for (const [partner, facts] of await known(partners)) {
      const [had, has] = [includes(now, capabilityId, facts), includes(next, capabilityId, facts)]
      if (had !== has) (has ? gains : loses).add(partner)
    }
    if (partners.length < batch) return { gains: gains.seen(), loses: loses.seen() }
    after = partners.at(-1)!.id
  }
}

function byRule(rollout: Rollout): boolean {
  return rollout.kind === 'cohort' && rollout.rule !== null
}

function side(most: number) {
  const partners: Pick<Partner, 'id' | 'slug'>[] = []
  let count = 0
  return {
    add({ id, slug }: Partner) {
      count += 1
      if (partners.length < most) partners.push({ id, slug })
    },
    seen: (): Side => ({ count, partners }),
  }
}

type Known = (partners: readonly Partner[]) => Promise<readonly (readonly [Partner, RolloutPartner])[]>

/** Where no rule asks for attributes, none are read. */
const plainly: Known = async (partners) =>
  partners.map((partner) => [partner, { id: partner.id, attributes: {} }] as const)

/** With what a rule may ask for. */
async function knower(tx: Tx): Promise<Known> {
  const names = new Map((await listPackageVersions(tx)).map(({ id, name }) => [id, name]))
  const moment = tx.now.getTime()
  return async (partners) => {
    const these = partnersNamed(partners.map(({ id }) => id))
    const attributes = await readAttributes(tx, these, null)
    const assignments = await readAssignments(tx, these, null)
    return partners.map((partner) => {
      const version = at(assignmentsOf(assignments.get(partner.id) ?? ''), moment).value
      const packageName = version === null ? undefined : names.get(version)
      const own = valuesAt(attributeWords(attributes.get(partner.id) ?? ''), moment)
      const given = { ...own, slug: partner.slug, ...(packageName !== undefined && { package: packageName }) }
      return [partner, { id: partner.id, attributes: given }] as const
    })
  }
}
