/**
 * Seals the audit in batches after the commits: each line gets a position and the hash of everything up to it.
 *
 * Writers never wait for it: it reads what they committed, and holds a lock that only other sealers ask for. A
 * crash at any moment leaves a batch whole or not at all.
 */
import { firstHash, hashOf, headMacOf, macOf } from '#/governance/audit/line.ts'
import type { Digester, Head } from '#/governance/audit/line.ts'
import * as store from '#/governance/audit/store.ts'

export type Sealed = {
  /** How many lines; 0 when there was nothing, or another process is at it. */
  readonly count: number
  /** There may be more to seal. */
  readonly more: boolean
  /** Where the chain stands now; null when nothing was sealed. */
  readonly head: Head | null
  /** Lines of this batch that were not written by Portico. They stand in the chain, and `verify` names them. */
  readonly forged: readonly string[]
}

export type SealOptions = {
  /** How far this process knows the chain to have come. */
  readonly known?: Head | null
  readonly limit?: number
}

/** The chain is not the one that was sealed: nothing is added to it until somebody has looked. */
export class BrokenChain extends Error {}

const batch = 1000

/** Seals the next batch in this transaction. Throws `BrokenChain`. */
export async function sealAudit(
  tx: store.Rows,
  digester: Digester,
  options: SealOptions = {},
): Promise<Sealed> {
  const { known = null, limit = batch } = options
  const nothing = { count: 0, more: false, head: null, forged: [] }
  if (!(await store.lockChain(tx))) return nothing
  const lines = await store.listUnsealed(tx, limit)
  if (lines.length === 0) return nothing
  const before = await endOfChain(tx, digester, known)
  let hash = before.hash
  const hashes = lines.map((line) => (hash = hashOf(hash, line)))
  const head = { position: before.position + lines.length, hash }
  const ids = lines.map((line) => line.id)
  await store.insertSeals(tx, before.position, ids, hashes)
  await store.insertHead(tx, head, headMacOf(digester, head))
  const forged = lines.filter((line) => !macOf(digester, line).equals(line.mac)).map((line) => line.id)
  return { count: lines.length, more: lines.length === limit, head, forged }
}

/** The last position; it must be the one that was signed, and the chain must pass through what is known of it. */
async function endOfChain(tx: store.Rows, digester: Digester, known: Head | null): Promise<Head> {
  const end = (await store.lastSeal(tx)) ?? { position: 0, hash: firstHash }
  const head = await store.lastHead(tx)
  if ((head?.position ?? 0) !== end.position || (head && !head.hash.equals(end.hash))) {
    throw new BrokenChain(`the audit's chain ends at ${end.position}, which was not signed`)
  }
  if (head && !headMacOf(digester, head).equals(head.mac)) {
    throw new BrokenChain(`the end of the audit's chain, ${head.position}, was not signed with this key`)
  }
  if (known && !(await store.hashAt(tx, known.position))?.equals(known.hash)) {
    throw new BrokenChain(`the audit's chain does not pass through ${known.position} any more`)
  }
  return end
}
