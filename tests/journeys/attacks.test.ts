/**
 * What is tried against people at both doors of the running product: framing, headers that lie about who we are, cookies
 * of somebody else's making, addresses that lead away, guessing. Each of them comes to nothing.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startPortico } from '../support/portico.ts'
import { exchangeBytes } from '../support/raw.ts'

type Credentials = { readonly email: string; readonly password: string }
type Facts = {
  readonly operator: Credentials
  readonly partners: Readonly<
    Record<'starter' | 'pro', { readonly id: string; readonly member: Credentials }>
  >
}

const portico = await startPortico()
after(() => portico.stop())
const { publicUrl, adminUrl, partners } = portico.facts
const facts = JSON.parse(readFileSync(join(portico.data, 'demo.json'), 'utf8')) as Facts
const port = (url: string) => Number(new URL(url).port)

const doors = {
  portal: {
    base: publicUrl,
    prefix: '/portal/api',
    cookie: '__Host-portico',
    who: facts.partners.pro.member,
  },
  console: { base: adminUrl, prefix: '/v1', cookie: '__Host-portico-admin', who: facts.operator },
} as const
type Door = (typeof doors)[keyof typeof doors]

/** Bytes as they are: `fetch` would set Host itself. */
async function raw(url: string, lines: readonly string[], method = 'GET', body = '') {
  const { pathname, search } = new URL(url)
  const length =
    body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]
  const head = [`${method} ${pathname}${search} HTTP/1.1`, 'Connection: close', ...lines, ...length]
  const text = await exchangeBytes(port(url), `${head.join('\r\n')}\r\n\r\n${body}`)
  const [start = ''] = text.split('\r\n\r\n', 1)
  return { status: Number(start.slice(9, 12)), head: start, text }
}

const evil = [
  'Host: evil.example',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: gopher',
  'X-Forwarded-Server: evil.example',
  'Forwarded: host=evil.example;proto=gopher',
  'X-Host: evil.example',
  'X-Original-URL: https://evil.example/',
]

async function signIn({ base, prefix, who, cookie }: Door): Promise<{ token: string; csrf: string }> {
  const answer = await fetch(`${base}${prefix}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(who),
  })
  const { csrf } = (await answer.json()) as { csrf: string }
  const set = answer.headers.getSetCookie().find((one) => one.startsWith(`${cookie}=`))
  return { token: set?.slice(cookie.length + 1).split(';', 1)[0] ?? '', csrf }
}

/** The letter to the address that has this in it, once it has been written. */
async function letterTo(address: string, part: string): Promise<string> {
  for (let waited = 0; waited < 15_000; waited += 50) {
    for (const file of globSync(join(portico.data, 'mailbox', '*.eml'))) {
      const text = readFileSync(file, 'utf8').replaceAll('=\n', '')
      if (text.includes(`To: ${address}`) && text.includes(part)) return text
    }
    await delay(50)
  }
  throw new Error('no letter came')
}

describe('clickjacking', () => {
  const key = partners.pro.live.apiKey
  const asked: readonly (readonly [string, Record<string, string>?])[] = [
    [`${publicUrl}/portal/problems/auth.sign_in_failed`],
    [`${publicUrl}/portal/`],
    [`${publicUrl}/portal/api/session`],
    [`${publicUrl}/portal/api/nothing`],
    [`${publicUrl}/healthz`],
    [`${publicUrl}/readyz`],
    [`${publicUrl}/api/products?limit=1`, { authorization: `Bearer ${key}` }],
    [`${publicUrl}/api/products`],
    [`${publicUrl}/partner/usage`, { authorization: `Bearer ${key}` }],
    [`${publicUrl}/partner/usage`],
    [`${publicUrl}/nothing/here`],
    [`${publicUrl}//evil.example/`],
    [`${adminUrl}/v1/session`],
    [`${adminUrl}/v1/partners`],
    [`${adminUrl}/v1/nothing`],
    [`${adminUrl}/console/`],
    [`${adminUrl}/healthz`],
    [`${adminUrl}/metrics`],
  ]

  for (const [url, headers = {}] of asked) {
    const { port: at, pathname } = new URL(url)
    test(`no page frames ${at === new URL(publicUrl).port ? 'public' : 'admin'} ${pathname}${headers.authorization ? ' with a key' : ''}`, async () => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(url, { headers, method, redirect: 'manual' })
        await answer.arrayBuffer()
        const policy = answer.headers.get('content-security-policy') ?? ''
        assert.match(policy, /(?:^|; )default-src 'none'(?:;|$)/)
        assert.match(policy, /(?:^|; )frame-ancestors 'none'(?:;|$)/)
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      }
    })
  }

  test('nor what never became a request, at either port', async () => {
    for (const url of [publicUrl, adminUrl]) {
      const { status, head } = await raw(url, ['Host: a', 'no colon'])
      assert.equal(status, 400)
      assert.match(head, /frame-ancestors 'none'/)
    }
  })
})

describe('a host header that lies', () => {
  test('stands in no answer and no redirect, at either port', async () => {
    const paths = [
      [
        publicUrl,
        [
          '/',
          '/portal',
          '/portal/',
          '/portal/api/session',
          '/api/products',
          '/partner/team',
          '//x/',
          '/healthz',
        ],
      ],
      [
        publicUrl,
        ['/portal/problems/auth.sign_in_failed', '/portal/problems/', '/.well-known/none', '/oauth/none'],
      ],
      [adminUrl, ['/', '/v1/session', '/v1/partners', '/console', '/metrics', '//x/', '/v1/partners/']],
    ] as const
    for (const [base, all] of paths) {
      for (const path of all) {
        const { status, text } = await raw(`${base}${path}`, evil)
        assert.ok(status >= 200 && (status < 300 || status >= 400), `${path}: ${status}`)
        assert.ok(!/evil\.example|gopher/.test(text), `${path}: ${text}`)
      }
    }
  })

  test('stands in no letter: an invitation, a new password', async () => {
    const { token, csrf } = await signIn(doors.portal)
    const signedIn = [`Cookie: __Host-portico=${token}`, `Portico-Csrf: ${csrf}`]
    const invited = await raw(
      `${publicUrl}/partner/team/invitations`,
      [...evil, ...signedIn],
      'POST',
      JSON.stringify({ email: 'kim@host.example', role: 'viewer' }),
    )
    assert.equal(invited.status, 201, invited.text)
    const invitation = await letterTo('kim@host.example', '/portal/invitations/')
    assert.ok(invitation.includes(`${publicUrl}/portal/invitations/`) && !invitation.includes('evil.example'))
    for (const { base, prefix, who } of Object.values(doors)) {
      const page = base === publicUrl ? '/portal/recovery/' : '/console/recovery/'
      const body = JSON.stringify({ email: who.email })
      const { status } = await raw(`${base}${prefix}/recovery`, evil, 'POST', body)
      assert.equal(status, 202)
      const letter = await letterTo(who.email, page)
      assert.ok(letter.includes(`${base}${page}`) && !letter.includes('evil.example'), letter)
    }
  })
})

describe('a cookie of somebody else’s making', () => {
  for (const [name, door] of Object.entries(doors)) {
    test(`is not believed at the ${name}: without its prefix, in another case, twice, quoted, or of the other door`, async () => {
      const { token } = await signIn(door)
      const { base, prefix, cookie } = door
      const bare = cookie.slice('__Host-'.length)
      const ask = async (header: string) =>
        (await fetch(`${base}${prefix}/session`, { headers: { cookie: header } })).status
      assert.equal(await ask(`${cookie}=${token}`), 200)
      assert.equal(await ask(`other=1; ${cookie}=${token}; ${bare}=planted`), 200)
      for (const header of [
        `${bare}=${token}`,
        `__Secure-${bare}=${token}`,
        `__host-${bare}=${token}`,
        `__HOST-${bare}=${token}`,
        `${cookie} =${token}`,
        `x${cookie}=${token}`,
        `=${cookie}=${token}`,
        `${cookie}="${token}"`,
        `${cookie}=${token}, a=b`,
        `${cookie}=${token}; ${cookie}=planted`,
        `${cookie}=planted; ${cookie}=${token}`,
        `${cookie}=${token}; ${cookie}=${token}`,
        `${cookie}=; ${cookie}=${token}`,
        `x="; ${cookie}=${token}; ${cookie}=y"`,
      ]) {
        assert.equal(await ask(header), 401, header)
      }
      const other = door.base === publicUrl ? doors.console : doors.portal
      const theirs = { cookie: `${other.cookie}=${token}` }
      assert.equal((await fetch(`${other.base}${other.prefix}/session`, { headers: theirs })).status, 401)
    })
  }

  test('opens no operation of the Partner API either', async () => {
    const { token } = await signIn(doors.portal)
    const ask = async (header: string) =>
      (await fetch(`${publicUrl}/partner/team`, { headers: { cookie: header } })).status
    assert.equal(await ask(`__Host-portico=${token}`), 200)
    for (const header of [
      `portico=${token}`,
      `__Secure-portico=${token}`,
      `__host-portico=${token}`,
      `__Host-portico-admin=${token}`,
      `__Host-portico=${token}; __Host-portico=${token}`,
      `__Host-portico=planted; __Host-portico=${token}`,
    ]) {
      assert.equal(await ask(header), 401, header)
    }
  })
})

describe('a session that somebody planted', () => {
  for (const [name, door] of Object.entries(doors)) {
    test(`is another one after the sign-in and after the step-up at the ${name}, and the one before is over`, async () => {
      const { base, prefix, cookie, who } = door
      const planted = await signIn(door)
      const tokens = [planted.token]
      let csrf = ''
      for (const [path, body] of [
        ['/session', who],
        ['/session/step-up', { password: who.password }],
      ] as const) {
        const answer = await fetch(`${base}${prefix}${path}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            cookie: `${cookie}=${tokens.at(-1)}`,
            'portico-csrf': csrf,
          },
          body: JSON.stringify(body),
        })
        assert.equal(answer.status, 200)
        const set = answer.headers.getSetCookie().find((one) => one.startsWith(`${cookie}=`))
        tokens.push(set?.slice(cookie.length + 1).split(';', 1)[0] ?? '')
        csrf = ((await answer.json()) as { csrf: string }).csrf
      }
      assert.equal(new Set(tokens).size, 3)
      const statuses = await Promise.all(
        tokens.map(async (token) => {
          const headers = { cookie: `${cookie}=${token}` }
          return (await fetch(`${base}${prefix}/session`, { headers })).status
        }),
      )
      assert.deepEqual(statuses, [401, 401, 200])
    })
  }
})

// That the right one waits too is proved where the clock stands: server/identity/sign-in/sign-in.test.ts.
test('guessing is slowed down after five, alike for an account that is there and one that is not', async () => {
  const guess = async (email: string) => {
    const answer = await fetch(`${publicUrl}/portal/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: 'one of the guesses' }),
    })
    await answer.arrayBuffer()
    return [answer.status, answer.headers.has('retry-after')]
  }
  const known: unknown[] = []
  const unknown: unknown[] = []
  for (let i = 0; i < 6; i += 1) {
    known.push(await guess(facts.partners.starter.member.email))
    unknown.push(await guess('nobody@nowhere.example'))
  }
  assert.deepEqual(known, unknown)
  assert.deepEqual(
    [known[0], known.at(-1)],
    [
      [401, false],
      [401, true],
    ],
  )
})
