/**
 * Messages to people. A message is written in the transaction that gives rise to it, and sent by a job when that has
 * committed: nobody is told of what did not happen, and nobody waits for a mail server.
 */
import { giveUp, markSent, takeDueMail } from '#/identity/notices/store.ts'
import type { DueMail } from '#/identity/notices/store.ts'
import type { Message, Transport } from '#/identity/notices/transport.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'

export { sendMail } from '#/identity/notices/send.ts'
export { expiringKeysJob } from '#/identity/notices/expiring-keys.ts'
export { folderTransport, smtpTransport } from '#/identity/notices/transport.ts'
export type { Message, Transport } from '#/identity/notices/transport.ts'

/** About a day and a half of trying, the pauses doubling up to an hour. */
const mostAttempts = 40
const batch = 20

export type PostOffice = {
  /** Sends what is due; resolves with how many messages are out. */
  deliver(): Promise<number>
}

const actor = { kind: 'system', name: 'post office' } as const

export function createPostOffice(deps: {
  readonly database: Database
  readonly sealer: Sealer
  readonly transport: Transport
  readonly log: Log
}): PostOffice {
  const { database, sealer, transport, log } = deps
  const inTx = <T>(work: (tx: Tx) => Promise<T>) => transact(database.control, actor, work)
  const deliverOne = async (mail: DueMail): Promise<boolean> => {
    try {
      const text = sealer.open(mail.sealed, `identity_mail.sealed:${mail.id}`)
      await transport(mail.id, JSON.parse(text) as Message)
      await inTx((tx) => markSent(tx, mail.id))
      return true
    } catch (error) {
      // The error may repeat an address: its kind is told, its words are not.
      const last = mail.attempts >= mostAttempts
      const { code = 'unknown' } = error as { code?: string }
      log[last ? 'error' : 'warn']({
        event: 'mail.failed',
        mail: mail.id,
        kind: mail.kind,
        attempts: mail.attempts,
        code,
      })
      if (last) await inTx((tx) => giveUp(tx, mail.id))
      return false
    }
  }
  return {
    async deliver() {
      let sent = 0
      for (;;) {
        const due = await inTx((tx) => takeDueMail(tx, batch))
        for (const mail of due) if (await deliverOne(mail)) sent += 1
        if (due.length < batch) return sent
      }
    },
  }
}
