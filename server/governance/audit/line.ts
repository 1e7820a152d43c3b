/** The text of a line: what its code of authenticity and the chain are computed of, when written and when verified. */
import { createHash } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'

/** All that the audit needs of the installation's key. */
export type Digester = Pick<Sealer, 'digest'>

/** A line as it stands in the table. */
export type Line = {
  readonly id: string
  /** ISO 8601, UTC, with microseconds: a change too small for a `Date` is a change. */
  readonly at: string
  readonly actor: { readonly kind: string; readonly id: string; readonly role: string | null }
  readonly partnerId: string | null
  readonly address: string | null
  readonly action: string
  readonly subject: { readonly kind: string; readonly id: string } | null
  readonly reason: string | null
  /** JSON, as it was written. */
  readonly changes: string | null
}

/** Before the first line. */
export const firstHash = Buffer.alloc(32)

/** JSON itself, so that an export holds the very text that was hashed. The order of the members is part of it. */
export function lineText(line: Line): string {
  const { id, at, actor, partnerId, address, action, subject, reason, changes } = line
  const head = JSON.stringify({ id, at, actor, partnerId, address, action, subject, reason })
  return `${head.slice(0, -1)},"changes":${changes ?? 'null'}}`
}

export function hashOf(before: Uint8Array, line: Line): Buffer {
  return createHash('sha256').update(before).update(lineText(line)).digest()
}

export function macOf(digester: Digester, line: Line): Buffer {
  return digester.digest(lineText(line), 'governance_audit.mac')
}

/** Where the chain stood after a batch. */
export type Head = { readonly position: number; readonly hash: Buffer }

export function headMacOf(digester: Digester, head: Head): Buffer {
  return digester.digest(`${head.position} ${head.hash.toString('hex')}`, 'governance_audit_head.mac')
}

/** PostgreSQL's text holds no NUL and no half of a surrogate pair; a reason that has one must not undo the deed. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}

export function changesText(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(changes, (_, value: unknown) =>
    typeof value === 'string' ? cleanText(value) : typeof value === 'bigint' ? String(value) : value,
  )
}
