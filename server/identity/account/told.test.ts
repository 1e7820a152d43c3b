/** What people do with their own accounts is told in their name, with where they were and in which role, and no word more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listAudit } from '#/governance/audit/audit.ts'
import { invite } from '#/identity/invitations/invitations.ts'
import { findPersonByEmail } from '#/identity/people/people.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { doors, linkIn } from '../../../tests/support/identity/doors.ts'
import { codeShown } from '../../../tests/support/identity/people.ts'

const scene = await doors(await testDatabase())
const { browser, member, operator, within, sealer, letters, clock, password } = scene
const another = 'nine purple kettles sing'

async function told(personId: string) {
  const { data } = await within((tx) => listAudit(tx, sealer, { subjectId: personId }, { limit: 100 }))
  return data.toReversed()
}

for (const realm of ['portal', 'console'] as const) {
  test(`every change of an account at the ${realm} is a line of its person`, async () => {
    const { id, email } = realm === 'portal' ? await member('developer') : await operator('support')
    const address = '198.51.100.20'
    const page = browser(realm, address)
    const ask = async (request: `${string} /${string}`, body?: object) => {
      const answer = await page.ask(request, body)
      assert.ok(answer.status < 300, `${request}: ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    await ask('POST /session', { email, password })
    await ask('POST /session/step-up', { password })
    await ask('DELETE /sessions')
    await ask('POST /password', { current: password, next: another })
    const { uri } = await ask('POST /totp')
    await ask('POST /totp/confirm', { code: codeShown(uri, clock.wall()) })
    await ask('DELETE /totp')
    const notices = (await letters()).filter(({ to }) => to === email)
    assert.deepEqual(
      notices.map(({ subject }) => subject),
      ['Your password was changed'],
    )
    assert.ok(!JSON.stringify(notices).includes(another))
    const wanted = `moved-${email}`
    await ask('POST /new-address', { email: wanted })
    await ask('DELETE /new-address')
    await letters()
    await ask('POST /new-address', { email: wanted })
    const { token } = linkIn((await letters()).find(({ to }) => to === wanted))
    await ask(`POST /new-address/${token}`)
    const lines = await told(id)
    const own = lines.filter(({ actor }) => actor.id === id)
    assert.ok(lines.every(({ actor }) => actor.id === id || actor.id === 'test'))
    const role = realm === 'portal' ? 'developer' : 'support'
    const kind = realm === 'portal' ? 'member' : 'operator'
    for (const line of own) assert.deepEqual(line.actor, { kind, id, role })
    for (const line of own) assert.equal(line.address, address)
    const actions = [
      'sessions.open',
      'sessions.step_up',
      'sessions.end_all',
      'passwords.set',
      'totp.enrol',
      'totp.remove',
      'people.ask_email',
      'people.drop_email',
      'people.ask_email',
      'people.change_email',
    ]
    assert.deepEqual(own.map(({ action }) => action).toSorted(), actions.toSorted())
    for (const secret of [email, wanted, another, password, token]) {
      assert.ok(!JSON.stringify(lines).includes(secret))
    }
  })
}

for (const realm of ['portal', 'console'] as const) {
  test(`an invitation taken at the ${realm} is told in the name of who took it, known before or not`, async () => {
    const wall = Date.now()
    const partnerId = await scene.partner()
    const invited = async (email: string) => {
      const place =
        realm === 'portal'
          ? ({ partnerId, role: 'developer', organisation: 'Partner' } as const)
          : ({ partnerId: null, role: 'support', organisation: 'Solstice' } as const)
      const page = `https://portal.test/${realm}/invitations`
      const { id } = await within((tx) => invite(tx, { sealer, wall, page }, email, place))
      return { id, token: linkIn((await letters()).find(({ to }) => to === email)).token }
    }
    const known = await member('viewer')
    for (const email of [known.email, `new-${newId()}@example.com`]) {
      const { id: invitation, token } = await invited(email)
      const page = browser(realm, '198.51.100.22')
      const answer = await page.ask(`POST /invitations/${token}`, { name: 'Ada', password: another })
      assert.deepEqual([answer.status, answer.body.signedIn], [200, email !== known.email])
      const person = await within((tx) => findPersonByEmail(tx, sealer, email))
      assert.ok(person)
      const [line] = (await told(invitation)).filter(({ action }) => action === 'team.accept')
      const [kind, role] = realm === 'portal' ? ['member', 'developer'] : ['operator', 'support']
      assert.deepEqual([line?.actor, line?.address], [{ kind, id: person.id, role }, '198.51.100.22'])
    }
  })
}

test('a forgotten password is told too: that a link was sent, and that it was used', async () => {
  const { id, email } = await member('viewer')
  await browser().ask('POST /recovery', { email })
  const { token } = linkIn((await letters()).find(({ to }) => to === email))
  const page = browser('portal', '198.51.100.21')
  assert.equal((await page.ask(`POST /recovery/${token}`, { password: another })).status, 200)
  const lines = await told(id)
  const from = (address: string | null) =>
    lines.filter((line) => line.address === address).map(({ action }) => action)
  assert.ok(from(null).includes('passwords.send_link'))
  assert.deepEqual(from('198.51.100.21').toSorted(), ['passwords.recover', 'passwords.set'])
  assert.ok(!JSON.stringify(lines).includes(token))
})
