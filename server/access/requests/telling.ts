/** Who hears of what happens to a request: the audit, whoever follows events, and by e-mail the partner's people. */
import { knownCapabilities } from '#/access/capabilities/capabilities.ts'
import type { AccessRequest } from '#/access/requests/store.ts'
import { allows } from '#/governance/roles/roles.ts'
import { sendMail } from '#/identity/notices/notices.ts'
import { listMembers } from '#/identity/people/people.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'

/** A line that the partner sees as well. */
export function record(tx: Tx, verb: string, request: AccessRequest): void {
  const { id, partnerId, state, reason } = request
  const subject = { kind: 'access-request', id }
  tx.audit({ action: `requests.${verb}`, subject, partnerId, reason, changes: { state } })
}

export function announce(tx: Tx, happened: string, { id, partnerId }: AccessRequest): void {
  tx.emit(`access.request_${happened}`, { partnerId, data: { requestId: id } })
}

type Told = 'question' | 'approved' | 'declined'

/** Writes to everybody who may act on it, with the transaction. Nobody, where the partner may not know of it any more. */
export async function tellMembers(
  tx: Tx,
  sealer: Sealer,
  request: AccessRequest,
  told: { readonly what: Told; readonly text: string },
): Promise<void> {
  const { partnerId, asksFor } = request
  if (asksFor.kind === 'capability' && !(await knownCapabilities(tx)).has(asksFor.id)) return
  const limit = 100
  for (let after = {}; ;) {
    const members = await listMembers(tx, sealer, partnerId, { ...after, limit })
    for (const { email, role, state } of members) {
      if (email === null || state !== 'active' || !allows('member', role, 'access:write')) continue
      await sendMail(tx, sealer, `access-request-${told.what}`, {
        to: email,
        subject: subjects[told.what](asksFor.title),
        text: `Hello,\n\n${openings[told.what](asksFor.title)}\n\n${told.text}\n`,
      })
    }
    const last = members.at(-1)
    if (members.length < limit || !last) return
    after = { after: last.id }
  }
}

type Sentences = Readonly<Record<Told, (title: string) => string>>

const subjects: Sentences = {
  question: (title) => `A question about your request for ${title}`,
  approved: (title) => `Your request for ${title} is approved`,
  declined: (title) => `Your request for ${title} is declined`,
}

const openings: Sentences = {
  question: (title) =>
    `there is a question about your organisation's request for ${title}. Please answer it in the portal.`,
  approved: (title) => `your organisation's request for ${title} is approved.`,
  declined: (title) => `your organisation's request for ${title} is declined, for this reason:`,
}
