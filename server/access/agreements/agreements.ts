/** Agreements: the signed commercial paper of a partner, in versions. */
import { at, earlier, timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import * as store from '#/access/agreements/store.ts'
import type { AgreementState, VersionRow } from '#/access/agreements/store.ts'
import type { Tx } from '#/kernel/db/db.ts'

export type { AgreementState } from '#/access/agreements/store.ts'
export type { AgreementTerms, Overrides } from '#/access/agreements/terms.ts'

export type AgreementVersion = Omit<VersionRow, 'partnerId'> & { readonly states: Timeline<AgreementState> }

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
  const state = at(version.states, moment)
  const { startsAt, endsAt } = version
  const noticeAt = endsAt === null ? null : endsAt - version.terms.noticeDays * day
  const edges = [state.until, startsAt, noticeAt, endsAt].filter((edge) => edge !== null && edge > moment)
  const until = edges.reduce(earlier, null)
  return { posture: postureOf(state.value, moment, { startsAt, noticeAt, endsAt }), version, until }
}

function postureOf(
  state: AgreementState | null,
  moment: number,
  term: { readonly startsAt: number; readonly noticeAt: number | null; readonly endsAt: number | null },
): Agreement['posture'] {
  if (state === null || state === 'withdrawn') return 'none'
  if (state === 'ended') return 'ended'
  if (state !== 'signed' || moment < term.startsAt) return 'pending'
  if (term.endsAt !== null && moment >= term.endsAt) return 'ended'
  return term.noticeAt !== null && moment >= term.noticeAt ? 'expiring' : 'active'
}

/** By partner, in the order of their numbers. `knownAt` null: as known now. */
export async function readAgreements(
  reader: Pick<Tx, 'rows'>,
  partnerIds: readonly string[],
  knownAt: Date | null,
): Promise<ReadonlyMap<string, readonly AgreementVersion[]>> {
  const events = Map.groupBy(
    await store.readEvents(reader, partnerIds, knownAt),
    (row) => `${row.partnerId} ${row.versionId}`,
  )
  const rows = await store.readVersions(reader, partnerIds, knownAt)
  const versions = rows.map(({ partnerId, ...row }) => {
    return { partnerId, version: { ...row, states: timelineOf(events.get(`${partnerId} ${row.id}`) ?? []) } }
  })
  const byPartner = Map.groupBy(versions, (each) => each.partnerId)
  return new Map([...byPartner].map(([id, own]) => [id, own.map((each) => each.version)]))
}
