/** Puts a message on its way, with the transaction that gives rise to it. */
import { insertMail } from '#/identity/notices/store.ts'
import type { Message } from '#/identity/notices/transport.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

export async function sendMail(tx: Tx, sealer: Sealer, kind: string, message: Message): Promise<string> {
  const id = newId()
  await insertMail(tx, id, kind, sealer.seal(JSON.stringify(message), `identity_mail.sealed:${id}`))
  return id
}
