/**
 * Reads the whole audit and says what is not as it was written. Three things hold it together: the code of each
 * line, the chain of hashes over them, and the signed ends of the chain; whoever has the database alone can make
 * none of the first and none of the last.
 */
import { firstHash, hashOf, headMacOf, macOf } from '#/governance/audit/line.ts'
import type { Digester, Head } from '#/governance/audit/line.ts'
import * as store from '#/governance/audit/store.ts'

export type Finding = {
  /**
   * `changed`: a line is not the one that was written, or was not written by Portico. `removed`: a line, or a
   * place of the chain, is gone. `moved`: the line is in order and stands elsewhere. `unsealed`: a line stands
   * neither in the chain nor in the queue for it. `resealed`: the chain is not the one that was signed.
   */
  readonly kind: 'changed' | 'removed' | 'moved' | 'unsealed' | 'resealed'
  readonly position: number | null
  readonly lineId: string | null
  /** A whole sentence. */
  readonly text: string
}

export type Verified = {
  /** The chain's last place; null: nothing is sealed yet. */
  readonly head: Head | null
  /** Lines that were written in the last moments and are not in the chain yet. */
  readonly waiting: number
  /** In the order they were found; the first `mostFindings`. */
  readonly findings: readonly Finding[]
  /** False: it was not read to its end, because there were that many. */
  readonly complete: boolean
}

export const mostFindings = 100

const page = 2000
const idPage = 10_000

/** Below every position that a tampered table may hold. */
const lowestPosition = '-9223372036854775808'
const lowestId = '00000000-0000-0000-0000-000000000000'

/**
 * Streams, so it takes no more memory for a larger audit. `known` are ends of the chain that are kept outside the
 * database. Bears sealers and writers at work, in a transaction of any isolation.
 */
export async function verifyAudit(
  tx: store.Rows,
  digester: Digester,
  known: readonly Head[] = [],
): Promise<Verified> {
  const findings: Finding[] = []
  const enough = () => findings.length >= mostFindings
  // Asked before the chain is read: it has come at least as far then.
  const signed = await store.lastHead(tx)
  const head = await verifyChain(tx, { digester, known, findings })
  if ((signed?.position ?? 0) > (head?.position ?? 0)) {
    findings.push(cutFinding(head, signed?.position ?? 0, 'the last signed end says'))
  }
  const furthest = Math.max(0, ...known.map(({ position }) => position))
  if (furthest > (head?.position ?? 0)) {
    findings.push(cutFinding(head, furthest, 'what is kept outside the database says'))
  }
  const stray = await store.strayHead(tx)
  if (stray !== null && stray <= (head?.position ?? 0)) {
    const text = `The chain was signed at ${stray}, and there is no such place in it.`
    findings.push({ kind: 'removed', position: stray, lineId: null, text })
  }
  const waiting = enough() ? 0 : await verifyUnsealed(tx, digester, findings)
  const complete = findings.length < mostFindings
  return { head, waiting, findings: findings.slice(0, mostFindings), complete }
}

/**
 * Throws a sentence where the last signed end was signed with another key. A node that went on would write lines that
 * count as forged, and could read nothing that is sealed; a key that is made for want of a setting is enough for that.
 */
export async function refuseOtherKey(tx: store.Rows, digester: Digester): Promise<void> {
  const signed = await store.lastHead(tx)
  if (signed === null || headMacOf(digester, signed).equals(signed.mac)) return
  throw new Error(
    'This database was written with another key; set PORTICO_KEY to that of its nodes (without the setting it is ' +
      'the file `key` in the data folder of the first)',
  )
}

function cutFinding(head: Head | null, position: number, who: string): Finding {
  const end = head?.position ?? 0
  const text = `The chain ends at ${end}, and ${who} that it came to ${position}: lines were removed at its end.`
  return { kind: 'removed', position: end + 1, lineId: null, text }
}

type Reading = {
  readonly digester: Digester
  readonly known: readonly Head[]
  readonly findings: Finding[]
}

/** Returns the end of what it read. */
async function verifyChain(tx: store.Rows, reading: Reading): Promise<Head | null> {
  const walk = createWalk(reading)
  let after = lowestPosition
  for (;;) {
    const links = await store.readChain(tx, after, page)
    for (const link of links) walk.step(link)
    after = links.at(-1)?.position ?? after
    if (links.length < page || reading.findings.length >= mostFindings) return walk.end()
  }
}

/** Follows the chain place by place. Each is judged by the hash stored before it, so one change is one finding. */
function createWalk({ digester, known, findings }: Reading) {
  let expected = 1
  let before: Buffer | null = firstHash
  let last: { head: Head; signed: boolean } | null = null
  let toldResealed = false
  const tell = (kind: Finding['kind'], position: number, lineId: string | null, text: string) =>
    void findings.push({ kind, position, lineId, text })
  const checkEnds = (position: number, link: store.Link) => {
    const wrong =
      (link.head && !headMacOf(digester, { position, hash: link.hash }).equals(link.head.mac)) ||
      (link.head && !link.head.hash.equals(link.hash)) ||
      known.some((end) => end.position === position && !end.hash.equals(link.hash))
    if (!wrong || toldResealed) return
    toldResealed = true
    const text = `The chain up to ${position} is not the one that was signed there.`
    tell('resealed', position, link.auditId, text)
  }
  return {
    step(link: store.Link): void {
      const position = Number(link.position)
      if (position < expected) {
        const text = `The chain has a place ${link.position}, which Portico never gave.`
        return tell('resealed', position, link.auditId, text)
      }
      if (position > expected) {
        const places =
          position - 1 === expected ? `Place ${expected}` : `Places ${expected} to ${position - 1}`
        const text = `${places} of the chain ${position - 1 === expected ? 'is' : 'are'} missing.`
        tell('removed', expected, null, text)
        before = null
      }
      const found = judge(digester, link, before)
      if (found) tell(found.kind, position, link.auditId, found.text(`Line ${link.auditId} (${position})`))
      checkEnds(position, link)
      expected = position + 1
      before = link.hash
      last = { head: { position, hash: link.hash }, signed: link.head !== null }
    },
    end(): Head | null {
      if (last && !last.signed && findings.length < mostFindings) {
        const { position } = last.head
        tell('resealed', position, null, `The chain's end at ${position} was never signed.`)
      }
      return last?.head ?? null
    },
  }
}

type Judgement = { readonly kind: Finding['kind']; readonly text: (line: string) => string }

function judge(digester: Digester, link: store.Link, before: Buffer | null): Judgement | null {
  if (!link.line) return { kind: 'removed', text: (line) => `${line} was removed.` }
  if (!macOf(digester, link.line).equals(link.line.mac)) return changed
  if (before === null || hashOf(before, link.line).equals(link.hash)) return null
  return {
    kind: 'moved',
    text: (line) => `${line} is as it was written, but it was not sealed at this place of the chain.`,
  }
}

const changed: Judgement = {
  kind: 'changed',
  text: (line) => `${line} is not what Portico wrote: it was changed, or put in from outside.`,
}

/** What stands outside the chain: lines on their way into it, and lines that should not be. Returns how many wait. */
async function verifyUnsealed(tx: store.Rows, digester: Digester, findings: Finding[]): Promise<number> {
  const tell = (kind: Finding['kind'], lineId: string, text: string) =>
    void findings.push({ kind, position: null, lineId, text })
  let waiting = 0
  for (let after = lowestId; ;) {
    const rows = await store.readUnsealed(tx, after, idPage)
    for (const { id, line, waiting: waits } of rows) {
      if (!line) continue
      if (waits) waiting += 1
      else tell('unsealed', id, `Line ${id} stands in the table and not in the chain.`)
      if (!macOf(digester, line).equals(line.mac)) tell('changed', id, changed.text(`Line ${id}`))
    }
    after = rows.at(-1)?.id ?? after
    if (rows.length < idPage || findings.length >= mostFindings) break
  }
  for (const { id, position } of await store.strayWaiting(tx)) {
    if (position === null) tell('removed', id, `Line ${id} was removed before it was sealed.`)
    else tell('moved', id, `Line ${id} (${position}) is sealed and was put in the queue again.`)
  }
  return waiting
}
