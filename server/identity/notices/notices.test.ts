/** Messages go out when their transaction has committed, once the server takes them, and leave nothing behind. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPostOffice, folderTransport, sendMail } from '#/identity/notices/notices.ts'
import type { Message } from '#/identity/notices/notices.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const inTx = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)
const message = { to: 'ada@helio.example', subject: 'Grüße', text: 'Hello Ada,\nwelcome.' }
const office = (transport: (id: string, message: Message) => Promise<void>) =>
  createPostOffice({ database, sealer, transport, log: silentLog() })
const again = () => database.owner.query('update identity_mail set next_attempt_at = now()')

test('a message of a failed transaction does not exist; one that committed goes out once', async () => {
  const out: Message[] = []
  const post = office(async (_id, sent) => void out.push(sent))
  const failed = inTx(async (tx) => {
    await sendMail(tx, sealer, 'test', message)
    throw new Error('stop')
  })
  await assert.rejects(failed, /stop/)
  assert.equal(await post.deliver(), 0)
  await inTx((tx) => sendMail(tx, sealer, 'test', message))
  assert.equal(await post.deliver(), 1)
  await again()
  assert.equal(await post.deliver(), 0)
  assert.deepEqual(out, [message])
})

test('nothing readable is stored before, and nothing at all after', async () => {
  await inTx((tx) => sendMail(tx, sealer, 'test', message))
  const before = (await database.owner.query('select sealed from identity_mail where sent_at is null'))
    .rows[0]
  assert.ok(!before.sealed.includes('ada@'))
  await office(async () => {}).deliver()
  assert.equal((await database.owner.query('select from identity_mail where sealed is not null')).rowCount, 0)
})

test('a server that refuses is asked again later, with the same id', async () => {
  const ids: string[] = []
  let refuse = true
  const post = office(async (id) => {
    ids.push(id)
    if (refuse) throw Object.assign(new Error('450 ada@helio.example is busy'), { code: 'EENVELOPE' })
  })
  await inTx((tx) => sendMail(tx, sealer, 'test', message))
  assert.equal(await post.deliver(), 0)
  assert.equal(await post.deliver(), 0, 'not at once')
  assert.equal(ids.length, 1)
  refuse = false
  await again()
  assert.equal(await post.deliver(), 1)
  assert.equal(ids[0], ids[1])
})

test('two senders take different messages', async () => {
  const out: string[] = []
  const post = () => office(async (id) => void out.push(id))
  for (let i = 0; i < 30; i += 1) await inTx((tx) => sendMail(tx, sealer, 'test', message))
  await Promise.all([post().deliver(), post().deliver(), post().deliver()])
  assert.equal(new Set(out).size, 30)
  assert.equal(out.length, 30)
})

test('without a mail server a message is a file that its reader can open', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'portico-mail-')), 'mailbox')
  const told: string[] = []
  const post = office(folderTransport(folder, 'Portico <portico@localhost>', (file) => told.push(file)))
  await inTx((tx) => sendMail(tx, sealer, 'test', { ...message, subject: 'a\r\nBcc: eve@evil.example' }))
  assert.equal(await post.deliver(), 1)
  assert.deepEqual(
    readdirSync(folder).map((name) => join(folder, name)),
    told,
  )
  const text = readFileSync(told[0] ?? '', 'utf8')
  assert.match(text, /^To: ada@helio\.example$/m)
  assert.ok(!/^Bcc:/m.test(text))
  assert.match(text, /welcome/)
})
