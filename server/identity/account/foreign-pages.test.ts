/**
 * No page of another site changes anything in a person's name (CSRF), and no link leads out of our pages (open
 * redirect): asked of every route of both doors, so that a new one is asked as well.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Realm } from '#/identity/sessions/sessions.ts'
import { newId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { doors, origins } from '../../../tests/support/identity/doors.ts'

const scene = await doors(await testDatabase())
const { browser, member, operator, password, routes } = scene
const prefixes = { portal: '/portal/api', console: '/v1' } as const
const realms: readonly Realm[] = ['portal', 'console']

const token = 'A'.repeat(43)
const answer = {
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  clientExtensionResults: {},
  response: {
    clientDataJSON: 'AAAA',
    authenticatorData: 'AAAA',
    signature: 'AAAA',
    attestationObject: 'AAAA',
  },
}

/** Something that each route takes, so that it is the page that is refused and not what it sends. */
const bodies: Readonly<Record<string, object | undefined>> = {
  'POST /session': { email: 'a@b.example', password },
  'POST /session/code': { ticket: 'x', code: '123456' },
  'DELETE /session': undefined,
  'POST /session/step-up': { password },
  'POST /session/organisation': { partnerId: 'ptn_x' },
  'DELETE /sessions': undefined,
  'DELETE /sessions/:id': undefined,
  'POST /password': { current: password, next: password },
  'POST /totp': undefined,
  'POST /totp/confirm': { code: '123456' },
  'POST /totp/recovery-codes': undefined,
  'DELETE /totp': undefined,
  'POST /passkeys/options': undefined,
  'POST /passkeys': { name: 'Key', answer },
  'DELETE /passkeys/:id': undefined,
  'POST /session/passkey/options': undefined,
  'POST /session/passkey': { attempt: newId(), answer },
  'POST /session/second-passkey/options': { ticket: 'x' },
  'POST /session/second-passkey': { ticket: 'x', answer },
  'POST /session/step-up/passkey/options': undefined,
  'POST /session/step-up/passkey': { answer },
  'POST /session/step-up/sso': {},
  'POST /invitations/:token': { name: 'Kim', password },
  'POST /recovery': { email: 'a@b.example' },
  'POST /recovery/:token': { password },
  'POST /new-address': { email: 'a@b.example' },
  'POST /new-address/:token': undefined,
  'DELETE /new-address': undefined,
  'POST /sso': { providerId: 'sso_x' },
}

const foreign: readonly Record<string, string>[] = [
  { origin: 'https://evil.example', host: 'portal.test' },
  { origin: 'null', host: 'portal.test' },
  { origin: 'https://portal.test.evil.example', host: 'portal.test' },
  { origin: 'http://portal.test:81', host: 'portal.test' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'none' },
]

for (const realm of realms) {
  const changing = routes[realm].filter(({ method }) => method !== 'GET')
  const nameOf = ({ method, path }: (typeof changing)[number]) =>
    `${method} ${path.slice(prefixes[realm].length)}`

  test(`the table of this test names every change at the ${realm}, and nothing else`, () => {
    assert.deepEqual(changing.map(nameOf).toSorted(), Object.keys(bodies).toSorted())
  })

  for (const route of changing) {
    const name = nameOf(route)
    test(`403 at the ${realm} for a page of another site: ${name}`, async () => {
      const { email } = realm === 'portal' ? await member('viewer') : await operator('support')
      const page = browser(realm)
      assert.equal((await page.ask('POST /session', { email, password })).status, 200)
      const request = name.replace(':token', token).replace(':id', 'x') as `${string} /${string}`
      const kept = new Map(page.cookies)
      const attempts = route.permission === 'session' ? [...foreign, { 'portico-csrf': '' }] : foreign
      for (const headers of attempts) {
        const refused = await page.ask(request, bodies[name], headers)
        const said = `${JSON.stringify(headers)}: ${JSON.stringify(refused.body)}`
        assert.deepEqual([refused.status, refused.body.code], [403, 'auth.foreign_page'], said)
        assert.deepEqual(refused.setCookies, [])
      }
      assert.deepEqual(page.cookies, kept)
      assert.equal((await page.ask('GET /session')).status, 200)
      // Our own page gets past it.
      const own = await page.ask(request, bodies[name], {
        origin: origins[realm],
        'sec-fetch-site': 'same-origin',
      })
      assert.notEqual(own.body?.code, 'auth.foreign_page')
    })
  }

  test(`at the ${realm}, a return address is taken where single sign-on begins, and nowhere else`, () => {
    const named = routes[realm].flatMap((route) => {
      const fields = [route.params, route.query, route.body].flatMap((schema) =>
        Object.keys(schema && 'properties' in schema ? Object(schema.properties) : {}),
      )
      const leading = fields.filter((field) =>
        /return|redirect|url|uri|goto|target|continue|callback|page/i.test(field),
      )
      return leading.map((field) => `${nameOf(route)} ${field}`)
    })
    // What is sent there is proved by sso.test.ts and sso/return-path.test.ts.
    assert.deepEqual(named.toSorted(), ['POST /session/step-up/sso returnTo', 'POST /sso returnTo'])
  })
}
