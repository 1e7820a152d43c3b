/** An audit to tamper with: lines that were written and sealed, and somebody who owns the tables they stand in. */
import pg from 'pg'
import { createAuditSink, sealAudit, verifyAudit } from '#/governance/audit/audit.ts'
import type { Digester, Finding, Head, Verified } from '#/governance/audit/audit.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

/** Lines in the chain, in batches of six; two more wait for the next. */
export const lineCount = 23

export type Owner = Pick<Tx, 'rows'> & {
  readonly run: (text: string, values?: readonly unknown[]) => Promise<void>
}

export type TamperedAudit = {
  readonly idAt: (position: number) => string
  /** What is found after the owner's work, which is never committed. */
  readonly tampered: (work: (owner: Owner) => Promise<void>, known?: readonly Head[]) => Promise<Verified>
}

const system = { kind: 'system', name: 'test' } as const
const admin = { kind: 'operator', id: newId(), role: 'admin' } as const

export async function tamperedAudit(database: Database, digester: Digester): Promise<TamperedAudit> {
  const control = { ...database.control, audit: createAuditSink(digester) }
  for (let n = 1; n <= lineCount + 2; n += 1) {
    const subject = n % 3 === 0 ? null : { kind: 'key', id: newId() }
    const line = { action: 'keys.revoke', subject, partnerId: newId(), reason: `r${n}`, changes: { n } }
    await transact(control, admin, async (tx) => tx.audit(line), '198.51.100.7')
    if (n === lineCount || (n < lineCount && n % 6 === 0)) {
      await transact(control, system, (tx) => sealAudit(tx, digester))
    }
  }
  const text = 'select audit_id as id from governance_audit_seal order by position'
  const seals = await transact(control, system, (tx) => tx.rows<{ id: string }>(text))
  return {
    idAt: (position) => seals[position - 1]?.id ?? '',
    tampered: (work, known = []) => asOwner(database.ownerUrl, digester, work, known),
  }
}

async function asOwner(
  ownerUrl: string,
  digester: Digester,
  work: (owner: Owner) => Promise<void>,
  known: readonly Head[],
): Promise<Verified> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    await client.query('begin; set local search_path to control')
    for (const table of ['', '_seal', '_head']) {
      await client.query(`alter table governance_audit${table} disable trigger user`)
    }
    const rows = async <Row>(text: string, values: readonly unknown[] = []) =>
      (await client.query(text, [...values])).rows as Row[]
    await work({ rows, run: async (text, values) => void (await rows(text, values)) })
    return await verifyAudit({ rows }, digester, known)
  } finally {
    await client.end()
  }
}

export function kinds(findings: readonly Finding[]) {
  return findings.map(({ kind, position }) => [kind, position])
}
