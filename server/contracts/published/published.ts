/** What is served: bundled documents under the names of their contracts, and the upstreams behind them. */
import * as store from '#/contracts/published/store.ts'
import type { Upstream, StoredUpstream, Published } from '#/contracts/published/store.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export type { Upstream, StoredUpstream, Published } from '#/contracts/published/store.ts'

export type NewContract = {
  readonly name: string
  readonly upstream: string
  /** The bundled document, and the SHA-256 of its canonical JSON (hex), which is its name. */
  readonly document: unknown
  readonly sha256: string
  readonly version: string
  readonly defaultClass: 'public' | null
}

/** Makes the upstream what it is said to be. Saying the same again changes nothing. */
export async function declareUpstream(tx: Tx, upstream: Upstream): Promise<void> {
  const written = await store.upsertUpstream(tx, newId(), upstream)
  if (written) tx.changed('upstream', written.id)
}

/** Stores the document and serves it under the contract's name. Publishing the same again changes nothing. */
export async function publishContract(tx: Tx, contract: NewContract): Promise<void> {
  const { document, ...rest } = contract
  await store.insertDocument(tx, contract.sha256, JSON.stringify(document))
  const written = await store.upsertContract(tx, newId(), rest)
  if (!written) return
  const data = { contractId: written.id, sha256: contract.sha256, version: contract.version }
  tx.emit('contracts.published', { partnerId: null, data })
  tx.changed('contract', written.id)
}

/** From the next second on only these contracts are served. */
export async function withdrawOthers(tx: Tx, names: readonly string[]): Promise<void> {
  for (const { id } of await store.withdrawOthers(tx, names)) {
    tx.emit('contracts.withdrawn', { partnerId: null, data: { contractId: id } })
    tx.changed('contract', id)
  }
}

/** All contracts that are served, by name. */
export async function listPublished(reader: store.Reader): Promise<readonly Published[]> {
  return store.listPublished(reader)
}

/** The bundled document behind a SHA-256 (hex). */
export async function readDocument(reader: store.Reader, sha256: string): Promise<unknown> {
  const found = await store.selectDocument(reader, sha256)
  if (!found) throw new Error(`no document has the SHA-256 ${sha256}`)
  return JSON.parse(found.content)
}

/** All upstreams, by name. */
export async function listUpstreams(reader: store.Reader): Promise<readonly StoredUpstream[]> {
  return store.listUpstreams(reader)
}
