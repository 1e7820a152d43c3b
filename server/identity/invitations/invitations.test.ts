/** An invitation works once, for whoever reads the mailbox, and for nobody else. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  acceptInvitation,
  invite,
  listInvitations,
  readInvitation,
  revokeInvitation,
} from '#/identity/invitations/invitations.ts'
import { createPostOffice } from '#/identity/notices/notices.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { findMember, findOperator } from '#/identity/people/people.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Actor, Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const database = await testDatabase()
const sealer = createSealer(randomBytes(32))
const inTx = <T>(work: (tx: Tx) => Promise<T>, actor: Actor = { kind: 'system', name: 'test' }) =>
  transact(database.control, actor, work)
const partner = await inTx((tx) => createPartner(tx, { slug: 'helio', name: 'Helio Works' }))
const deps = (wall = Date.now()) => ({ sealer, wall, page: 'https://portico.test/portal/invitations' })
const place = { partnerId: partner.id, role: 'developer', organisation: 'Helio\nWorks' } as const

/** The token in the newest letter. */
async function delivered(): Promise<string> {
  let text = ''
  const transport = async (_id: string, message: { text: string }) => void (text = message.text)
  await createPostOffice({ database, sealer, transport, log: silentLog() }).deliver()
  return /invitations\/([\w-]{43})$/m.exec(text)?.[1] ?? ''
}

async function invited(email: string, wall = Date.now()): Promise<string> {
  await inTx((tx) => invite(tx, deps(wall), email, place))
  return delivered()
}

test('the link makes a member of a new person, once', async () => {
  const token = await invited('ada@helio.example')
  assert.equal((await inTx((tx) => readInvitation(tx, sealer, token))).email, 'ada@helio.example')
  const { person, created } = await inTx((tx) => acceptInvitation(tx, sealer, token, 'Ada'))
  assert.ok(created)
  assert.equal((await inTx((tx) => findMember(tx, partner.id, person.id)))?.role, 'developer')
  await assert.rejects(
    inTx((tx) => acceptInvitation(tx, sealer, token, 'Ada')),
    /invitations\.not_found/,
  )
  await assert.rejects(invited('ADA@helio.example'), /people\.already_member/)
})

test('two that open the link at once become one member', async () => {
  const token = await invited('bob@helio.example')
  const accept = () => inTx((tx) => acceptInvitation(tx, sealer, token, 'Bob'))
  const results = await Promise.allSettled([accept(), accept(), accept()])
  assert.equal(results.filter((one) => one.status === 'fulfilled').length, 1)
})

test('a newer link, a revocation and seven days each end an older one', async () => {
  const first = await invited('eve@helio.example')
  const second = await invited('Eve@Helio.example ')
  await assert.rejects(
    inTx((tx) => readInvitation(tx, sealer, first)),
    /invitations\.not_found/,
  )
  const [open] = (await inTx((tx) => listInvitations(tx, sealer, partner.id))).filter((one) =>
    one.email.startsWith('eve'),
  )
  await inTx((tx) => revokeInvitation(tx, partner.id, open?.id ?? ''))
  await assert.rejects(
    inTx((tx) => readInvitation(tx, sealer, second)),
    /invitations\.not_found/,
  )
  const old = await invited('old@helio.example', Date.now() - 7 * 24 * 3_600_000 - 1)
  await assert.rejects(
    inTx((tx) => readInvitation(tx, sealer, old)),
    /invitations\.not_found/,
  )
})

test('another partner sees and revokes nothing, also where its statement forgets whose it is', async () => {
  await invited('kim@helio.example')
  const other = await inTx((tx) => createPartner(tx, { slug: 'other', name: 'Other' }))
  const member: Actor = { kind: 'member', id: newId(), partnerId: other.id, role: 'owner' }
  assert.deepEqual(await inTx((tx) => listInvitations(tx, sealer, partner.id), member), [])
  const [open] = await inTx((tx) => listInvitations(tx, sealer, partner.id))
  await assert.rejects(
    inTx((tx) => revokeInvitation(tx, partner.id, open?.id ?? ''), member),
    /not_found/,
  )
  await inTx((tx) =>
    invite(tx, deps(), 'op@provider.example', { partnerId: null, role: 'support', organisation: 'X' }),
  )
  assert.deepEqual(await inTx((tx) => listInvitations(tx, sealer, null), member), [])
  await delivered()
})

test('an operator is invited likewise', async () => {
  await inTx((tx) =>
    invite(tx, deps(), 'fin@provider.example', { partnerId: null, role: 'finance', organisation: 'X' }),
  )
  const token = await delivered()
  const { person } = await inTx((tx) => acceptInvitation(tx, sealer, token, 'Fin'))
  assert.equal((await inTx((tx) => findOperator(tx, person.id)))?.role, 'finance')
})

test('nobody invites to more than they may themselves', async () => {
  const admin = { kind: 'member', id: newId(), partnerId: partner.id, role: 'admin' } as const
  const asOwner = { ...place, role: 'owner' } as const
  const asAdmin = { partnerId: null, role: 'admin', organisation: 'The provider' } as const
  await assert.rejects(
    inTx((tx) => invite(tx, deps(), 'reach@helio.example', asOwner), admin),
    /people\.owners_only/,
  )
  const manager = { kind: 'operator', id: newId(), role: 'partner-manager' } as const
  await assert.rejects(
    inTx((tx) => invite(tx, deps(), 'reach@helio.example', asAdmin), manager),
    /people\.beyond_own_role/,
  )
  await inTx((tx) => invite(tx, deps(), 'reach@helio.example', asOwner), manager)
})
