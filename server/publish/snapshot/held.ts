/** What a snapshot holds at one version, and how the next version is made of it. */
import { readCatalogue, readWrittenFacts } from '#/access/entitlements/entitlements.ts'
import type { Route, Snapshot } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { partnersNamed } from '#/kernel/lines/lines.ts'
import type { Partners } from '#/kernel/lines/lines.ts'
import { createCallers } from '#/publish/snapshot/callers.ts'
import type { Callers } from '#/publish/snapshot/callers.ts'
import { createDirectory } from '#/publish/snapshot/directory.ts'
import type { Clocks, Directory } from '#/publish/snapshot/directory.ts'
import { createRouter } from '#/publish/snapshot/router.ts'
import type { Router } from '#/publish/snapshot/router.ts'
import type { Served } from '#/publish/snapshot/served.ts'
import * as store from '#/publish/snapshot/store.ts'
import type { ChangeRow, PartnerRow, Reader, Readers } from '#/publish/snapshot/store.ts'

export type Held = {
  /** Number of the last change that is in it. */
  readonly version: number
  readonly callers: Callers
  readonly directory: Directory
  readonly router: Router
  readonly snapshot: Snapshot
}

type Sources = { readonly served: Served; readonly clock: Clock; readonly clocks: Clocks }

function hold(held: Omit<Held, 'snapshot'>): Held {
  const { version, callers, directory, router } = held
  const snapshot: Snapshot = {
    version,
    match: router.match,
    credential: callers.credential,
    decide: (application, route) => directory.decide(application, route.operation.capability),
    hidden: (route) => !directory.visible(route.operation.capability, 'anywhere'),
  }
  return { ...held, snapshot }
}

/** Everything, as it stands in the transactions of the readers. */
export async function loadAll([first, second]: Readers, { served, clock, clocks }: Sources): Promise<Held> {
  const version = await store.lastChange(first)
  const directory = createDirectory(clocks)
  const callers = createCallers(() => clock.wall())
  const loadFacts = async () => {
    directory.setCatalogue(await readCatalogue(first, null))
    for await (const rows of store.readPartners(first, null))
      directory.putPartners(await readWrittenFacts(first, rows, allOf(rows), null))
    return served.load(first)
  }
  const loadCredentials = async () => {
    for await (const rows of store.readApplications(second, null)) callers.putApplications(rows)
    for await (const rows of store.readKeys(second, null)) callers.putKeys(rows)
  }
  const [facts, credentials] = await Promise.allSettled([loadFacts(), loadCredentials()])
  // Only when both are at rest: a transaction that ends takes its connection away.
  if (facts.status === 'rejected') throw facts.reason
  if (credentials.status === 'rejected') throw credentials.reason
  return hold({ version, callers, directory, router: routerOf(facts.value, directory) })
}

/**
 * Reads what the changes are about and gives the function that puts it in, in one piece: between two steps of a
 * request the gateway may see the old or the new, but never half of a change. Rows that a change names are still
 * there: they are revoked, suspended or withdrawn, and never deleted.
 */
export async function readChanges(
  reader: Reader,
  held: Held,
  changes: readonly ChangeRow[],
  { served }: Sources,
): Promise<() => Held> {
  const { callers, directory } = held
  const ids = (topic: string) => [
    ...new Set(changes.filter((change) => change.topic === topic).map((change) => change.id!)),
  ]
  const about = (...topics: readonly string[]) => changes.some((change) => topics.includes(change.topic))
  const catalogue = about('capability', 'package') ? await readCatalogue(reader, null) : null
  const applications = await whole(store.readApplications(reader, ids('application')))
  // What is said of an application stands with its partner's facts.
  const concerned = new Set([...ids('partner'), ...applications.map((row) => row.partnerId)])
  const rows = await whole(store.readPartners(reader, [...concerned]))
  const named = partnersNamed(rows.map(({ id }) => id))
  const partners = await readWrittenFacts(reader, rows, named, null)
  const keys = await whole(store.readKeys(reader, ids('key')))
  const routes = about('contract', 'upstream') ? await served.load(reader) : null
  const version = changes[changes.length - 1]!.number
  return () => {
    if (catalogue) directory.setCatalogue(catalogue)
    directory.putPartners(partners)
    callers.putApplications(applications)
    callers.putKeys(keys)
    return hold({ ...held, version, router: routes ? routerOf(routes, directory) : held.router })
  }
}

/** A change of all rows of a kind at once. */
export function namesNoRow(change: ChangeRow): boolean {
  return change.id === null && ['partner', 'application', 'key'].includes(change.topic)
}

function routerOf(routes: readonly Route[], directory: Directory): Router {
  return createRouter(routes, (route) => !directory.visible(route.operation.capability, 'everywhere'))
}

/** Of a page: there are no others between the first and the last. */
function allOf(page: readonly PartnerRow[]): Partners {
  return { first: page[0]!.id, last: page.at(-1)!.id, named: null }
}

async function whole<Row>(pages: AsyncIterable<readonly Row[]>): Promise<readonly Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}
