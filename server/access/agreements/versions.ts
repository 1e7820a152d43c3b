/**
 * Versions of agreements, and when they are in force. A signed version has effect from its start, but no earlier than
 * its signature was recorded, until its end, until it is ended, or until an amendment replaces it.
 */
import { at, earlier, timelinesIn } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/agreements/store.ts'
import type { AgreementState, Due } from '#/access/agreements/store.ts'
import type { AgreementTerms } from '#/access/agreements/terms.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { parseLines, partnersNamed } from '#/kernel/lines/lines.ts'
import type { Lines, Partners } from '#/kernel/lines/lines.ts'

/** Times in milliseconds, business time. */
export type AgreementVersion = {
  readonly id: string
  readonly agreementId: string
  readonly number: number
  readonly startsAt: number
  readonly endsAt: number | null
  readonly terms: AgreementTerms
  readonly states: Timeline<AgreementState>
}

/** Of all agreements of a partner at a moment, the one that counts. */
export type Agreement = {
  readonly posture: 'none' | 'pending' | 'active' | 'expiring' | 'ended'
  /** Null: none. */
  readonly version: AgreementVersion | null
  /** Milliseconds; from when on it may be otherwise. */
  readonly until: number | null
}

const day = 86_400_000

/** Versions of a partner do not overlap; one that is in force comes first, then one to come, then the last that ended. */
export function agreementAt(versions: readonly AgreementVersion[], moment: number): Agreement {
  const ranks = { active: 0, expiring: 0, pending: 1, ended: 2, none: 3 } as const
  let found: Agreement = { posture: 'none', version: null, until: null }
  let until: number | null = null
  for (const version of versions) {
    const one = versionAt(version, moment)
    until = earlier(until, one.until)
    const isBetter = ranks[one.posture] < ranks[found.posture]
    const isLater = ranks[one.posture] === ranks[found.posture] && one.posture !== 'none'
    if (isBetter || isLater) found = one
  }
  return { ...found, until }
}

function versionAt(version: AgreementVersion, moment: number): Agreement {
  const { startsAt, endsAt } = version
  const edges = [at(version.states, moment).until, startsAt, noticeAt(version), endsAt]
  const until = edges.filter((edge) => edge !== null && edge > moment).reduce(earlier, null)
  return { posture: postures[stateAt(version, moment)], version, until }
}

/** What a version is at a moment, in the words of its life. `none`: it was not there yet. */
export type VersionState = AgreementState | 'active' | 'expiring' | 'none'

const postures: Readonly<Record<VersionState, Agreement['posture']>> = {
  none: 'none',
  draft: 'pending',
  sent: 'pending',
  signed: 'pending',
  active: 'active',
  expiring: 'expiring',
  ended: 'ended',
  withdrawn: 'none',
}

export function stateAt(version: AgreementVersion, moment: number): VersionState {
  const said = at(version.states, moment).value ?? 'none'
  if (said !== 'signed' || moment < version.startsAt) return said
  if (version.endsAt !== null && moment >= version.endsAt) return 'ended'
  const notice = noticeAt(version)
  return notice !== null && moment >= notice ? 'expiring' : 'active'
}

function noticeAt({ endsAt, terms }: AgreementVersion): number | null {
  return endsAt === null ? null : endsAt - terms.noticeDays * day
}

/** Does the partner know of it? Also when it was withdrawn after that. */
export function wasSent({ states }: AgreementVersion): boolean {
  return states.some(({ value }) => value !== null && value !== 'draft' && value !== 'withdrawn')
}

/** Milliseconds of business time, half-open; `until` null: no end is known. */
export type Period = { readonly from: number; readonly until: number | null }

/** Null: it never has an effect. */
export function inForce({ states, startsAt, endsAt }: AgreementVersion): Period | null {
  const signed = states.findIndex(({ value }) => value === 'signed')
  if (signed === -1) return null
  const from = Math.max(states[signed]!.from, startsAt)
  const until = Math.min(states[signed + 1]?.from ?? Infinity, endsAt ?? Infinity)
  if (until <= from) return null
  return { from, until: until === Infinity ? null : until }
}

export function overlaps(a: Period, b: Period): boolean {
  return a.from < (b.until ?? Infinity) && b.from < (a.until ?? Infinity)
}

/**
 * What is to be told of the versions of one agreement. One that an amendment replaces does not end: the agreement
 * goes on.
 */
export function duesOf(versions: readonly AgreementVersion[]): readonly Due[] {
  const begins = new Set(versions.map((version) => inForce(version)?.from))
  return versions.flatMap((version) => {
    const period = inForce(version)
    if (period === null) return []
    const versionId = version.id
    const until = period.until ?? Infinity
    const notice = Math.max(period.from, noticeAt(version) ?? Infinity)
    const dues: Due[] = [{ versionId, kind: 'active', at: period.from }]
    if (notice < until) dues.push({ versionId, kind: 'expiring', at: notice })
    if (until !== Infinity && !begins.has(until)) dues.push({ versionId, kind: 'ended', at: until })
    return dues
  })
}

/** Lines for `agreementsOf`. `knownAt` null: as known now. */
export async function readAgreementLines(
  reader: Pick<Tx, 'rows'>,
  partners: Partners,
  knownAt: Date | null,
): Promise<{ readonly versions: Lines; readonly events: Lines }> {
  const versions = await store.readVersions(reader, partners, knownAt)
  return { versions, events: await store.readEvents(reader, partners, knownAt) }
}

/** Of one partner, by agreement and in the order of their numbers. */
export function agreementsOf(versions: string, events: string): readonly AgreementVersion[] {
  if (versions === '') return []
  const states = timelinesIn<AgreementState>(events)
  return (parseLines(versions) as readonly store.VersionFields[])
    .map(([id, agreementId, number, startsAt, endsAt, terms]) => {
      return { id, agreementId, number, startsAt, endsAt, terms, states: states.get(id) ?? [] }
    })
    .toSorted((a, b) => compare(a.agreementId, b.agreementId) || a.number - b.number)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** By partner, in the order of their numbers. `knownAt` null: as known now. */
export async function readAgreements(
  reader: Pick<Tx, 'rows'>,
  partnerIds: readonly string[],
  knownAt: Date | null,
): Promise<ReadonlyMap<string, readonly AgreementVersion[]>> {
  const { versions, events } = await readAgreementLines(reader, partnersNamed(partnerIds), knownAt)
  return new Map([...versions].map(([id, own]) => [id, agreementsOf(own, events.get(id) ?? '')]))
}
