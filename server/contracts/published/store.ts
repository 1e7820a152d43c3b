/** Every statement on documents, contracts and upstreams. The writes give a row only when they changed something. */
import type { Tx } from '#/kernel/db/db.ts'

/** A system of the provider that serves contracts, once for each environment. Times in milliseconds. */
export type Upstream = {
  readonly name: string
  readonly live: string
  readonly sandbox: string
  readonly connectTimeout: number
  readonly headersTimeout: number
  readonly idleTimeout: number
}

export type StoredUpstream = Upstream & { readonly id: string }

export type Published = {
  readonly id: string
  readonly name: string
  /** Name of the upstream that serves it. */
  readonly upstream: string
  /** Of the bundled document's canonical JSON, hex. */
  readonly sha256: string
  /** `info.version`. */
  readonly version: string
  readonly defaultClass: 'public' | null
}

export type Reader = Pick<Tx, 'rows'>

export const statements = {
  upsertUpstream: `
    insert into contracts_upstream as stored
      (id, name, live_url, sandbox_url, connect_timeout, headers_timeout, idle_timeout)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (name) do update set live_url = excluded.live_url, sandbox_url = excluded.sandbox_url,
      connect_timeout = excluded.connect_timeout, headers_timeout = excluded.headers_timeout,
      idle_timeout = excluded.idle_timeout
    where (stored.live_url, stored.sandbox_url, stored.connect_timeout, stored.headers_timeout, stored.idle_timeout)
      is distinct from (excluded.live_url, excluded.sandbox_url, excluded.connect_timeout, excluded.headers_timeout,
        excluded.idle_timeout)
    returning id`,
  listUpstreams: `
    select id, name, live_url as live, sandbox_url as sandbox, connect_timeout::int as "connectTimeout",
           headers_timeout::int as "headersTimeout", idle_timeout::int as "idleTimeout"
    from contracts_upstream order by name`,
  insertDocument: `
    insert into contracts_document (sha256, content) values (decode($1, 'hex'), $2) on conflict (sha256) do nothing`,
  selectDocument: `select content from contracts_document where sha256 = decode($1, 'hex')`,
  upsertContract: `
    insert into contracts_contract as stored (id, name, upstream_id, document_sha256, version, default_class)
    select $1, $2, upstream.id, decode($4, 'hex'), $5, $6 from contracts_upstream as upstream where upstream.name = $3
    on conflict (name) do update set upstream_id = excluded.upstream_id, document_sha256 = excluded.document_sha256,
      version = excluded.version, default_class = excluded.default_class, published_at = excluded.published_at,
      withdrawn_at = null
    where (stored.upstream_id, stored.document_sha256, stored.default_class, stored.withdrawn_at)
      is distinct from (excluded.upstream_id, excluded.document_sha256, excluded.default_class, null)
    returning id`,
  withdrawOthers: `
    update contracts_contract set withdrawn_at = clock_timestamp()
    where withdrawn_at is null and name <> all ($1::text[]) returning id`,
  listPublished: `
    select contract.id, contract.name, upstream.name as upstream, encode(contract.document_sha256, 'hex') as sha256,
           contract.version, contract.default_class as "defaultClass"
    from contracts_contract as contract join contracts_upstream as upstream on upstream.id = contract.upstream_id
    where contract.withdrawn_at is null order by contract.name`,
} as const

type Written = { readonly id: string }

export async function upsertUpstream(tx: Tx, id: string, upstream: Upstream) {
  const { name, live, sandbox, connectTimeout, headersTimeout, idleTimeout } = upstream
  const values = [id, name, live, sandbox, connectTimeout, headersTimeout, idleTimeout]
  return (await tx.rows<Written>(statements.upsertUpstream, values))[0]
}

export async function listUpstreams(reader: Reader) {
  return reader.rows<StoredUpstream>(statements.listUpstreams)
}

export async function insertDocument(tx: Tx, sha256: string, content: string): Promise<void> {
  await tx.rows(statements.insertDocument, [sha256, content])
}

export async function selectDocument(reader: Reader, sha256: string) {
  return (await reader.rows<{ content: string }>(statements.selectDocument, [sha256]))[0]
}

export async function upsertContract(tx: Tx, id: string, contract: Omit<Published, 'id'>) {
  const { name, upstream, sha256, version, defaultClass } = contract
  const values = [id, name, upstream, sha256, version, defaultClass]
  return (await tx.rows<Written>(statements.upsertContract, values))[0]
}

export async function withdrawOthers(tx: Tx, names: readonly string[]) {
  return tx.rows<Written>(statements.withdrawOthers, [names])
}

export async function listPublished(reader: Reader) {
  return reader.rows<Published>(statements.listPublished)
}
