/** What a snapshot holds at one version, and how the next version is made of it. */
import { readCatalogue, readPartnerFacts } from '#/access/entitlements/entitlements.ts'
import type { Route, Snapshot } from '#/gateway/gateway.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { createDirectory } from '#/publish/snapshot/directory.ts'
import type { Clocks, Directory } from '#/publish/snapshot/directory.ts'
import { createRouter } from '#/publish/snapshot/router.ts'
import type { Router } from '#/publish/snapshot/router.ts'
import type { Served } from '#/publish/snapshot/served.ts'
import * as store from '#/publish/snapshot/store.ts'
import type { ChangeRow, Reader, Readers } from '#/publish/snapshot/store.ts'

export type Held = {
  /** Number of the last change that is in it. */
  readonly version: number
  readonly directory: Directory
  readonly router: Router
  readonly snapshot: Snapshot
}

type Sources = { readonly served: Served; readonly clock: Clock; readonly clocks: Clocks }

function hold(version: number, directory: Directory, router: Router): Held {
  const snapshot: Snapshot = {
    version,
    match: router.match,
    credential: directory.credential,
    decide: (application, route) => directory.decide(application, route.operation.capability),
    hidden: (route) => !directory.visible(route.operation.capability, 'anywhere'),
  }
  return { version, directory, router, snapshot }
}

/** Everything, as it stands in the transactions of the readers. */
export async function loadAll([first, second]: Readers, { served, clock, clocks }: Sources): Promise<Held> {
  const version = await store.lastChange(first)
  const directory = createDirectory(clocks)
  const loadFacts = async () => {
    directory.setCatalogue(await readCatalogue(first, null))
    for await (const rows of store.readPartners(first, null))
      directory.putPartners(await readPartnerFacts(first, rows, null))
    return served.load(first)
  }
  const loadCredentials = async () => {
    for await (const rows of store.readApplications(second, null)) directory.putApplications(rows)
    for await (const rows of store.readKeys(second, null)) directory.putKeys(rows, clock.wall())
  }
  const [facts, credentials] = await Promise.allSettled([loadFacts(), loadCredentials()])
  // Only when both are at rest: a transaction that ends takes its connection away.
  if (facts.status === 'rejected') throw facts.reason
  if (credentials.status === 'rejected') throw credentials.reason
  const routes = facts.value
  return hold(version, directory, routerOf(routes, directory))
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
  { served, clock }: Sources,
): Promise<() => Held> {
  const { directory } = held
  const ids = (topic: string) => [
    ...new Set(changes.filter((change) => change.topic === topic).map((change) => change.id!)),
  ]
  const about = (...topics: readonly string[]) => changes.some((change) => topics.includes(change.topic))
  const catalogue = about('capability', 'package') ? await readCatalogue(reader, null) : null
  const applications = await whole(store.readApplications(reader, ids('application')))
  // What is said of an application stands with its partner's facts.
  const concerned = new Set([...ids('partner'), ...applications.map((row) => row.partnerId)])
  const rows = await whole(store.readPartners(reader, [...concerned]))
  const partners = await readPartnerFacts(reader, rows, null)
  const keys = await whole(store.readKeys(reader, ids('key')))
  const routes = about('contract', 'upstream') ? await served.load(reader) : null
  const version = changes[changes.length - 1]!.number
  return () => {
    if (catalogue) directory.setCatalogue(catalogue)
    directory.putPartners(partners)
    directory.putApplications(applications)
    directory.putKeys(keys, clock.wall())
    return hold(version, directory, routes ? routerOf(routes, directory) : held.router)
  }
}

/** A change of all rows of a kind at once. */
export function namesNoRow(change: ChangeRow): boolean {
  return change.id === null && ['partner', 'application', 'key'].includes(change.topic)
}

function routerOf(routes: readonly Route[], directory: Directory): Router {
  return createRouter(routes, (route) => !directory.visible(route.operation.capability, 'everywhere'))
}

async function whole<Row>(pages: AsyncIterable<readonly Row[]>): Promise<readonly Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}
