/** Tells those who look after a partner's keys that one of them comes near its expiry: 30, 7 and 1 day before. */
import { noticeExpiring } from '#/identity/keys/keys.ts'
import type { Key } from '#/identity/keys/keys.ts'
import { sendMail } from '#/identity/notices/send.ts'
import { listMembers } from '#/identity/people/people.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx, World } from '#/kernel/db/db.ts'
import type { Job } from '#/kernel/jobs/jobs.ts'

const actor = { kind: 'system', name: 'expiring keys' } as const

/** Who can make a successor. */
const caring = ['owner', 'admin', 'developer']

export function expiringKeysJob(control: World, sealer: Sealer): Job {
  return {
    name: 'identity.expiring_keys',
    cron: '7 * * * *',
    // The notice and the mark that it was given are one transaction, so a second run says nothing twice.
    run: () =>
      transact(control, actor, async (tx) => {
        for (const key of await noticeExpiring(tx)) await tellMembers(tx, sealer, key)
      }),
  }
}

async function tellMembers(tx: Tx, sealer: Sealer, key: Key): Promise<void> {
  const members = await listMembers(tx, sealer, key.partnerId, { limit: 100 })
  for (const { email, role, state } of members) {
    if (email === null || state !== 'active' || !caring.includes(role)) continue
    await sendMail(tx, sealer, 'expiring-key', {
      to: email,
      subject: `An API key of yours expires on ${key.expiresAt?.toISOString().slice(0, 10) ?? ''}`,
      text: letter(key),
    })
  }
}

function letter(key: Key): string {
  return `Hello,

the API key “${key.label}” (it ends in ${key.lastFour}) works until ${key.expiresAt?.toISOString() ?? ''}.
Make its successor before: both work side by side until the old one has expired.
`
}
