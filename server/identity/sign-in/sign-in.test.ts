/** Signing in: one answer to everything that is wrong, and no way around the second factor or the count. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as people from '#/identity/people/people.ts'
import { signIn } from '#/identity/sign-in/sign-in.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { people as scene } from '../../../tests/support/identity/people.ts'

const stage = scene(await testDatabase())
const { deps, within, member, operator, request, refused, clock, password } = stage

describe('with a password', () => {
  test('a member enters the portal, an operator the console, and neither the other', async () => {
    const [one, other] = [await member('finance'), await operator('auditor')]
    const entered = await signIn(deps, request(one.email))
    assert.ok(entered.needs === null)
    assert.equal(entered.session.role, 'finance')
    assert.deepEqual(entered.session.factors, ['password'])
    const authenticated = await within((tx) =>
      deps.sessions.authenticate(tx, 'portal', entered.token, clock.wall()),
    )
    assert.deepEqual(authenticated, entered.session)
    const console = await signIn(deps, request(other.email, { realm: 'console' }))
    assert.ok(console.needs === null && console.session.role === 'auditor')
    await assert.rejects(
      signIn(deps, request(one.email, { realm: 'console' })),
      refused('auth.sign_in_failed'),
    )
    await assert.rejects(signIn(deps, request(other.email)), refused('auth.sign_in_failed'))
  })

  test('everything that is wrong is answered alike', async () => {
    const [active, disabled, homeless] = [await member('owner'), await member('owner'), await member()]
    await within((tx) => people.disablePerson(tx, disabled.id, 'left'))
    const requests = [
      request('nobody@example.com'),
      request('no address'),
      request(active.email, { password: 'another password' }),
      request(active.email, { password: '' }),
      request(active.email, { password: 'x'.repeat(5000) }),
      request(disabled.email),
      request(homeless.email),
      request(active.email, { realm: 'console' }),
    ]
    const answers = await Promise.all(
      requests.map((one) =>
        signIn(deps, one).then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    )
    for (const answer of answers) {
      assert.ok(answer instanceof Problem)
      assert.equal(answer.definition.code, 'auth.sign_in_failed')
      assert.deepEqual(answer.occurrence, {})
      assert.equal(answer.message, (answers[0] as Problem).message)
    }
  })

  test('the session the browser brought ends, whoever planted it', async () => {
    const [victim, attacker] = [await member('owner'), await member('owner')]
    const planted = await signIn(deps, request(attacker.email))
    assert.ok(planted.needs === null)
    const entered = await signIn(deps, request(victim.email, { replaces: planted.token }))
    assert.ok(entered.needs === null && entered.token !== planted.token)
    const found = await within((tx) => deps.sessions.authenticate(tx, 'portal', planted.token, clock.wall()))
    assert.equal(found, null)
  })

  test('one may say for which of the own partners', async () => {
    const { id, email } = await member('viewer')
    const other = await stage.partner()
    await within((tx) => people.addMember(tx, other, id, 'owner'))
    const entered = await signIn(deps, request(email, { partnerId: other }))
    assert.ok(entered.needs === null && entered.session.partnerId === other)
    const foreign = await stage.partner()
    await assert.rejects(signIn(deps, request(email, { partnerId: foreign })), refused('auth.sign_in_failed'))
  })

  test('a hash of lighter parameters is made anew at the next sign-in', async () => {
    const { email } = await member('owner')
    const heavier = { ...deps, passwords: stage.passwordsOf({ memory: 128, passes: 1, parallelism: 1 }) }
    await signIn(heavier, request(email))
    const account = await within((tx) => deps.passwords.findAccount(tx, email))
    assert.match(account.phc, /m=128,/)
    assert.ok((await signIn(deps, request(email))).needs === null)
  })

  test('no transaction is open while a password is hashed', async () => {
    const { email } = await member('owner')
    let looked = 0
    const passwords: typeof deps.passwords = {
      ...deps.passwords,
      verify: (account, text) => {
        const { totalCount, idleCount } = deps.world.pool
        assert.equal(totalCount, idleCount, 'connections that are in use')
        looked += 1
        return deps.passwords.verify(account, text)
      },
    }
    await signIn({ ...deps, passwords }, request(email))
    assert.equal(looked, 1)
  })
})

describe('tries', () => {
  const wrong = (email: string, more = {}) => signIn(deps, request(email, { password: 'wrong', ...more }))
  const answerOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'in',
      (error: unknown) => (error instanceof Problem ? error.definition.code : 'broken'),
    )

  test('a burst of 100 from anywhere looks at five passwords, for a known and an unknown account', async () => {
    for (const email of [(await member('owner')).email, 'nobody-burst@example.com']) {
      let looked = 0
      const passwords: typeof deps.passwords = {
        ...deps.passwords,
        verify: (account, text) => ((looked += 1), deps.passwords.verify(account, text)),
      }
      const tries = Array.from({ length: 100 }, (_, i) =>
        answerOf(
          signIn(
            { ...deps, passwords },
            request(email, { password: `guess ${i}`, address: `198.51.100.${i}` }),
          ),
        ),
      )
      assert.deepEqual(new Set(await Promise.all(tries)), new Set(['auth.sign_in_failed']))
      assert.equal(looked, 5, email)
    }
  })

  test('the right password is refused in the wait like a wrong one, and taken after it', async () => {
    const { email } = await member('owner')
    for (let i = 0; i < 5; i += 1) await assert.rejects(wrong(email))
    const occurrences: unknown[] = []
    for (const text of [password, 'wrong']) {
      const error = await signIn(deps, request(email, { password: text })).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof Problem && error.definition.code === 'auth.sign_in_failed')
      occurrences.push(error.occurrence)
    }
    assert.deepEqual(occurrences[0], { headers: { 'retry-after': '1' } })
    assert.deepEqual(occurrences[1], occurrences[0])
    clock.forward(1000)
    assert.ok((await signIn(deps, request(email))).needs === null)
    for (let i = 0; i < 4; i += 1) await assert.rejects(wrong(email))
    assert.ok((await signIn(deps, request(email))).needs === null, 'a success forgets the failures')
  })

  test('passwords sprayed over accounts from one network are stopped; other networks go on', async () => {
    const { email } = await member('owner')
    const address = '2001:db8:7:7::'
    for (let i = 0; i < 50; i += 1) {
      await assert.rejects(wrong(`sprayed-${i}@example.com`, { address: `${address}${i.toString(16)}` }))
    }
    await assert.rejects(
      signIn(deps, request(email, { address: `${address}ffff` })),
      refused('auth.sign_in_failed'),
    )
    assert.ok((await signIn(deps, request(email))).needs === null)
  })

  test('nobody is locked out by others from a browser the account knows', async () => {
    const { email } = await member('owner')
    const first = await signIn(deps, request(email))
    assert.ok(first.needs === null)
    for (let i = 0; i < 12; i += 1) await answerOf(wrong(email))
    await assert.rejects(signIn(deps, request(email)), refused('auth.sign_in_failed'))
    const again = await signIn(deps, request(email, { device: first.device }))
    assert.ok(again.needs === null)
    await assert.rejects(signIn(deps, request(email)), refused('auth.sign_in_failed'))
    const stranger = await member('owner')
    for (let i = 0; i < 5; i += 1) await answerOf(wrong(stranger.email))
    const borrowed = signIn(deps, request(stranger.email, { device: again.device }))
    await assert.rejects(borrowed, refused('auth.sign_in_failed'))
    for (let i = 0; i < 5; i += 1) await answerOf(wrong(email, { device: again.device }))
    await assert.rejects(
      signIn(deps, request(email, { device: again.device })),
      refused('auth.sign_in_failed'),
    )
  })

  test('that we were too busy for are not counted', async () => {
    const { email } = await member('owner')
    const busy = { ...deps, passwords: stage.passwordsOf({ memory: 64, passes: 1, parallelism: 1 }, 0) }
    for (let i = 0; i < 10; i += 1) await assert.rejects(signIn(busy, request(email)), refused('auth.busy'))
    assert.ok((await signIn(deps, request(email))).needs === null)
  })
})
