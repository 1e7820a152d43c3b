/** What is served: the published contracts, compiled, and the operations of our own, as routes. */
import { compileDocument } from '#/contracts/compile/compile.ts'
import type { Compiled, CompileOptions } from '#/contracts/compile/compile.ts'
import { listPublished, listUpstreams, readDocument } from '#/contracts/published/published.ts'
import type { Published, StoredUpstream } from '#/contracts/published/published.ts'
import type { Environment, LocalAnswer, LocalCall, Route, Target, Upstream } from '#/gateway/gateway.ts'
import { partnerDocument } from '#/kernel/http/http.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Reader } from '#/publish/snapshot/store.ts'

/** An operation of ours with the function that serves it; the application wraps a transaction around the handler. */
export type LocalOperation = {
  readonly operation: PartnerOperation
  /** May a signed-in person of the partner with this role call it? */
  readonly allows: (role: string) => boolean
  readonly handle: (call: LocalCall) => Promise<LocalAnswer>
}

export type Own = { readonly version: string; readonly operations: readonly LocalOperation[] }

export type Served = { load(reader: Reader): Promise<readonly Route[]> }

type Known = { readonly row: StoredUpstream; readonly target: Target }

/** Throws when our own document does not compile. `log` hears of contracts that cannot be served. */
export function createServed(own: Own, log: Log): Served {
  const ownRoutes = compileOwn(own)
  let compiled: ReadonlyMap<string, Compiled | null> = new Map()
  let upstreams: ReadonlyMap<string, Known> = new Map()

  return {
    async load(reader) {
      upstreams = keepSame(upstreams, await listUpstreams(reader))
      const contracts = await listPublished(reader)
      const next = new Map<string, Compiled | null>()
      const routes = [...ownRoutes]
      for (const contract of contracts) {
        const key = `${contract.name} ${contract.sha256} ${contract.defaultClass}`
        const known = compiled.get(key)
        const result =
          known === undefined
            ? compileStored(contract, await readDocument(reader, contract.sha256), log)
            : known
        next.set(key, result)
        const target = upstreams.get(contract.upstream)?.target
        if (!target) throw new Error(`the upstream ${contract.upstream} of a contract is not there`)
        for (const operation of result?.operations ?? []) {
          routes.push({ operation, target, apiVersion: operation.version })
        }
      }
      compiled = next
      return routes
    },
  }
}

/**
 * Null, and a loud line, when the document does not compile. It did when it was published, so this is a document
 * of another version of Portico; the other contracts and every revocation must not wait for it.
 */
function compileStored(contract: Published, document: unknown, log: Log): Compiled | null {
  const { name, sha256, defaultClass } = contract
  const options: CompileOptions = { contract: name, ...(defaultClass && { defaultClass }) }
  try {
    const compiled = compileDocument(document, options)
    if (compiled.refusals.length === 0) return compiled
    log.error({ event: 'snapshot.contract_refused', contract: name, sha256, refusals: compiled.refusals })
  } catch (error) {
    log.error({ event: 'snapshot.contract_failed', contract: name, sha256, err: error })
  }
  return null
}

/** The gateway keeps connections by the upstream object, so one that says the same stays the same object. */
function keepSame(
  known: ReadonlyMap<string, Known>,
  rows: readonly StoredUpstream[],
): ReadonlyMap<string, Known> {
  return new Map(
    rows.map((row) => {
      const before = known.get(row.name)
      const same = before !== undefined && JSON.stringify(before.row) === JSON.stringify(row)
      return [row.name, same ? before : { row, target: targetOf(row) }]
    }),
  )
}

function targetOf(row: StoredUpstream): Target {
  const upstream = (environment: Environment): Upstream => ({
    name: row.name,
    url: row[environment],
    connectTimeout: row.connectTimeout,
    headersTimeout: row.headersTimeout,
    idleTimeout: row.idleTimeout,
  })
  return { kind: 'remote', upstreams: { live: upstream('live'), sandbox: upstream('sandbox') } }
}

function compileOwn({ version, operations }: Own): readonly Route[] {
  const locals = new Map(operations.map((local) => [local.operation.id, local]))
  const document = partnerDocument(
    version,
    operations.map(({ operation }) => operation),
  )
  const { operations: compiled, refusals } = compileDocument(document, { contract: 'partner', own: true })
  if (refusals.length > 0) throw new Error(`our own document was refused: ${JSON.stringify(refusals)}`)
  return compiled.map((operation) => {
    const local = locals.get(operation.id)
    if (!local) throw new Error(`nothing serves ${operation.id}`)
    const { allows, handle } = local
    return { operation, target: { kind: 'local', allows, handle }, apiVersion: version }
  })
}
