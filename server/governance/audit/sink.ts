/** Writes the lines of a transaction, as its statement before the last. It shares nothing with other writers. */
import { changesText, cleanText, macOf } from '#/governance/audit/line.ts'
import type { Digester, Line } from '#/governance/audit/line.ts'
import { statements } from '#/governance/audit/store.ts'
import type { Actor, AuditLine, AuditSink } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export function createAuditSink(digester: Digester): AuditSink {
  return {
    async write(client, at, actor, address, lines) {
      const written = lines.map((line) => toLine(at, actor, address, line))
      const who = actorOf(actor)
      await client.query(statements.insertLines, [
        written.map((line) => line.id),
        at,
        who.kind,
        who.id,
        who.role,
        address,
        written.map((line) => line.partnerId),
        written.map((line) => line.action),
        written.map((line) => line.subject?.kind ?? null),
        written.map((line) => line.subject?.id ?? null),
        written.map((line) => line.reason),
        written.map((line) => line.changes),
        written.map((line) => macOf(digester, line)),
      ])
    },
  }
}

function toLine(at: Date, actor: Actor, address: string | null, line: AuditLine): Line {
  const { subject, reason, changes } = line
  return {
    id: newId(),
    at: at.toISOString().replace('Z', '000Z'),
    actor: actorOf(actor),
    partnerId: partnerIdOf(actor, line)?.toLowerCase() ?? null,
    address,
    action: line.action,
    subject: subject && { kind: subject.kind, id: subject.id },
    reason: reason === null ? null : cleanText(reason),
    changes: changes && changesText(changes),
  }
}

/** What somebody of a partner does is that partner's line, whether it says so or not. */
function partnerIdOf(actor: Actor, line: AuditLine): string | null {
  return line.partnerId ?? ('partnerId' in actor ? actor.partnerId : null)
}

function actorOf(actor: Actor): Line['actor'] {
  const role = 'role' in actor ? actor.role : null
  return { kind: actor.kind, id: actor.kind === 'system' ? actor.name : actor.id, role }
}
