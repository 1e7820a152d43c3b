/** Which passwords are taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCommonPasswords } from '#/identity/passwords/common.ts'
import { normalisePassword, refuseWeak } from '#/identity/passwords/rules.ts'
import { deriveDemoPassword } from '#/identity/passwords/passwords.ts'
import { Problem } from '#/kernel/problem/problem.ts'

const isCommon = readCommonPasswords()
const bearer = { email: 'grace.hopper+portico@example.com', names: ['Solstice Solar', 'Portico'] }

function reasons(password: string): string[] {
  try {
    refuseWeak(password, bearer, isCommon)
    return []
  } catch (error) {
    assert.ok(error instanceof Problem && error.definition.code === 'passwords.refused')
    return (error.occurrence.errors ?? []).map(({ code }) => code ?? '')
  }
}

test('twelve characters are enough, eleven are not; 256 are taken, 257 are not', () => {
  assert.deepEqual(reasons('tarn-vexed-o'), [])
  assert.deepEqual(reasons('tarn-vexed-'), ['too_short'])
  const varied = Array.from({ length: 256 }, (_, i) => String.fromCodePoint(0x4e00 + i * 7)).join('')
  assert.deepEqual(reasons(varied), [])
  assert.deepEqual(reasons(`${varied}x`), ['too_long'])
})

test('characters are counted, not bytes or code units, and after NFKC', () => {
  assert.deepEqual(reasons('🌵🎻🐙🧭🪁🥁'), ['too_short'])
  assert.deepEqual(reasons('🌵🎻🐙🧭🪁🥁🛶🦔🧶🪔🏮🗿'), [])
  assert.equal(normalisePassword('ｔａｒｎ'), 'tarn')
  assert.equal(normalisePassword('e\u0301'), 'é')
  assert.equal(normalisePassword('ﷺ'.repeat(14)), 'ﷺ'.normalize('NFKC').repeat(14))
  assert.equal(normalisePassword('ﷺ'.repeat(15)), null, '18 characters each')
  assert.equal(normalisePassword('x'.repeat(1_000_000)), null)
})

test('what everybody tries is refused, in all its disguises', () => {
  const tried = [
    'passwordpassword',
    'Password1234',
    'P@ssw0rd2026!',
    '!!!Dragon!!!!',
    '2026-Welcome-2026',
    'letmein_letmein',
    'monkeydragon1',
    'Summer-Winter-26',
    'qwertyuiopas',
    'qwertzuiop123',
    '123456789012',
    'abcdef123456',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    '1qaz2wsx3edc',
    'zxcvbnm,./zxcvbnm',
    'ｐａｓｓｗｏｒｄ1234',
    'iloveyou iloveyou',
  ]
  for (const password of tried) assert.ok(reasons(password).includes('common'), password)
})

test('words that were drawn, and noise, are taken', () => {
  const taken = [
    'correct horse battery staple',
    'tarn vexed otter',
    'kettle-orbit-fennel',
    'V7#kq!x9Lm2$',
    'Im Frühling blüht der Quittenbaum',
    '48h-lantern-proxy',
  ]
  for (const password of taken) assert.deepEqual(reasons(password), [], password)
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      const password = deriveDemoPassword('secret', name)
      assert.match(password, /^(?:[a-z2-9]{5}-){3}[a-z2-9]{5}$/)
      assert.deepEqual(reasons(password), [], password)
    }),
  )
})

test("the address's local part and the names of the service are refused, however they are written", () => {
  assert.deepEqual(reasons('xx-Grace.Hopper-81'), ['contains_email'])
  assert.deepEqual(reasons('gracehopper tarn 81'), ['contains_email'])
  assert.deepEqual(reasons('the tarn of SOLSTICE'), ['contains_name'])
  assert.deepEqual(reasons('p-o-r-t-i-c-o tarn vexed'), ['contains_name'])
  assert.deepEqual(reasons('portico grace.hopper'), ['contains_email', 'contains_name'])
  const short = { email: 'ada@example.com', names: ['AB'] }
  refuseWeak('tarn canada vexed ab', short, isCommon)
})

test('the check ends soon, whatever it is given', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 1024 }),
        fc.string({ unit: fc.constantFrom('a', '1'), maxLength: 1024 }),
      ),
      (text) => {
        const started = performance.now()
        reasons(text)
        assert.ok(performance.now() - started < 500)
      },
    ),
  )
})
