/**
 * The facts of partners as they are kept: lines as PostgreSQL wrote them. Histories are made of them when somebody asks
 * about a partner, which costs some microseconds, and not for 100,000 partners at a start.
 */
import { agreementsOf, readAgreementLines } from '#/access/agreements/agreements.ts'
import type { PartnerFacts } from '#/access/entitlements/facts.ts'
import { timelineOf } from '#/access/history/history.ts'
import type { Timeline } from '#/access/history/history.ts'
import { assignmentsOf, grantsOf, readAssignments, readGrants } from '#/access/packages/packages.ts'
import { placesOf, readPlaces } from '#/access/pilots/pilots.ts'
import { attributeWords, readAttributes } from '#/access/rollouts/rollouts.ts'
import { readStandings, standingWords } from '#/identity/partners/partners.ts'
import type { StandingWord } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'

type Name = { readonly id: string; readonly slug: string }

/** Each in the form of the feature that owns it; empty: nothing was said. */
export type WrittenFacts = Name & {
  readonly standings: string
  readonly assignments: string
  readonly grants: string
  readonly attributes: string
  readonly places: string
  readonly agreements: string
  readonly agreementEvents: string
}

/** In the order of `names`, which are all of `partners`. `knownAt` null: as known now. */
export async function readWrittenFacts(
  reader: Pick<Tx, 'rows'>,
  names: readonly Name[],
  partners: Partners,
  knownAt: Date | null,
): Promise<readonly WrittenFacts[]> {
  if (names.length === 0) return []
  const standings = await readStandings(reader, partners, knownAt)
  const assignments = await readAssignments(reader, partners, knownAt)
  const grants = await readGrants(reader, partners, knownAt)
  const attributes = await readAttributes(reader, partners, knownAt)
  const places = await readPlaces(reader, partners, knownAt)
  const { versions, events } = await readAgreementLines(reader, partners, knownAt)
  return names.map(({ id, slug }) => ({
    id,
    slug,
    standings: standings.get(id) ?? '',
    assignments: assignments.get(id) ?? '',
    grants: grants.get(id) ?? '',
    attributes: attributes.get(id) ?? '',
    places: places.get(id) ?? '',
    agreements: versions.get(id) ?? '',
    agreementEvents: events.get(id) ?? '',
  }))
}

export function factsIn(written: WrittenFacts): PartnerFacts {
  const { id, slug } = written
  return {
    id,
    slug,
    ...standingsOf(standingWords(written.standings)),
    assignments: assignmentsOf(written.assignments),
    grants: grantsOf(written.grants),
    attributes: attributeWords(written.attributes),
    places: placesOf(written.places),
    agreements: agreementsOf(written.agreements, written.agreementEvents),
  }
}

const noTimelines: ReadonlyMap<string, Timeline<never>> = new Map()

/** Most partners have one word, on themselves. */
function standingsOf(words: readonly StandingWord[]): Pick<PartnerFacts, 'standing' | 'applications'> {
  if (words.every(({ applicationId }) => applicationId === null))
    return { standing: timelineOf(words), applications: noTimelines }
  const byApplication = Map.groupBy(words, ({ applicationId }) => applicationId)
  const standing = timelineOf(byApplication.get(null) ?? [])
  byApplication.delete(null)
  const applications = new Map([...byApplication].map(([id, own]) => [id!, timelineOf(own)]))
  return { standing, applications }
}

/** In the order of `names`. `knownAt` null: as known now. */
export async function readPartnerFacts(
  reader: Pick<Tx, 'rows'>,
  names: readonly Name[],
  knownAt: Date | null,
): Promise<readonly PartnerFacts[]> {
  const partners = partnersNamed(names.map(({ id }) => id))
  return (await readWrittenFacts(reader, names, partners, knownAt)).map(factsIn)
}
