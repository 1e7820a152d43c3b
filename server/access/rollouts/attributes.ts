/** Attributes of partners, in the provider's own words, for cohorts to go by. */
import { at, timelinesIn } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import { attributesInvalid } from '#/access/rollouts/problems.ts'
import * as store from '#/access/rollouts/store.ts'
import { findPartner, partnerNotFound } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import type { Lines, Partners } from '#/kernel/lines/lines.ts'

const most = 50

/** What every partner has by itself. */
const reserved: readonly string[] = ['package', 'slug']

/**
 * Gives the partner these attributes and no others. Saying the same again changes nothing. Throws `partnerNotFound`,
 * `attributesInvalid`.
 */
export async function setAttributes(
  tx: Tx,
  partnerId: string,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  refuseUnfit(attributes)
  if (!(await findPartner(tx, partnerId))) throw partnerNotFound.with()
  await store.lockAttributes(tx, partnerId)
  const before = new Map(Object.entries(await attributesOf(tx, partnerId)))
  const after = new Map(Object.entries(attributes))
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .toSorted()
  if (changed.length === 0) return
  for (const name of changed) {
    await store.insertAttribute(tx, partnerId, { id: newId(), name, value: after.get(name) ?? null })
  }
  const set = changed.filter((name) => after.has(name))
  const changes = { set, removed: changed.filter((name) => !set.includes(name)) }
  // How the provider sorts its partners is the provider's to know.
  tx.audit({ action: 'partners.set_attributes', subject: { kind: 'partner', id: partnerId }, changes })
  tx.emit('access.attributes_changed', { partnerId: null, data: { partnerId, ...changes } })
  tx.changed('partner', partnerId)
}

function refuseUnfit(attributes: Readonly<Record<string, string>>): void {
  const entries = Object.entries(attributes)
  if (entries.length > most)
    throw attributesInvalid.with({ detail: `${entries.length} attributes; at most ${most}.` })
  for (const [name, value] of entries) {
    if (reserved.includes(name)) throw attributesInvalid.with({ detail: `${name} is there by itself.` })
    if (name.length > 63 || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
      throw attributesInvalid.with({ detail: `${name.slice(0, 63)} is no short name.` })
    }
    if (value.trim() === '' || value.length > 200) {
      throw attributesInvalid.with({ detail: `The value of ${name} has 1 to 200 characters.` })
    }
  }
}

/** As they were said last: nothing is planned ahead. */
export async function attributesOf(tx: Tx, partnerId: string): Promise<Readonly<Record<string, string>>> {
  const own = await readAttributes(tx, partnersNamed([partnerId]), null)
  return valuesAt(attributeWords(own.get(partnerId) ?? ''), Number.POSITIVE_INFINITY)
}

/** What the partner has at a moment, without what was taken away. */
export function valuesAt(
  own: ReadonlyMap<string, Timeline<string | null>>,
  moment: number,
): Readonly<Record<string, string>> {
  const values = [...own].map(([name, timeline]) => [name, at(timeline, moment).value] as const)
  return Object.fromEntries(values.flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}

/** Lines for `attributeWords`. `knownAt` null: as known now. */
export async function readAttributes(
  reader: Pick<Tx, 'rows'>,
  partners: Partners,
  knownAt: Date | null,
): Promise<Lines> {
  return store.readAttributes(reader, partners, knownAt)
}

/** By name; null: it was taken away. */
export function attributeWords(lines: string): ReadonlyMap<string, Timeline<string | null>> {
  return timelinesIn(lines)
}
