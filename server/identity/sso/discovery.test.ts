/** What is known of an OpenID provider, how long, and what happens when it does not answer or says odd things. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { createPartner } from '#/identity/partners/partners.ts'
import { createDiscovery } from '#/identity/sso/discovery.ts'
import { createProvider } from '#/identity/sso/sso.ts'
import type { Outbound } from '#/kernel/outbound/outbound.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { ssoScene, startOpenIdProvider } from '../../../tests/support/openid/scene.ts'

const scene = ssoScene(await testDatabase())
const { sealer, clock, outbound, edge, somebody, partnerWith, start, finish, signIn, failsWith } = scene

test('a provider that went away: what is known lets people leave, and nobody comes back in', async () => {
  const openid = await startOpenIdProvider()
  const { partnerId, provider } = await partnerWith(openid, 'gone.example')
  await somebody('ada@gone.example', { partnerId })
  await openid.configure({ accounts: { ada: { email: 'ada@gone.example', email_verified: true } } })
  await signIn(openid, provider, 'ada')
  const { location, browser } = await start(provider, { email: 'ada' })
  const back = await openid.walk(location)
  await openid.stop()
  await assert.rejects(finish(provider, back, browser), failsWith('provider-unreachable'))
  await start(provider)
  // What is known has become old: it is asked for again, in vain.
  clock.forward(10 * 60_000)
  await assert.rejects(start(provider), failsWith('provider-unreachable'))
})

/** A server that says what a test wants, and how often it was asked. */
async function sayer() {
  let asked = 0
  let says: (issuer: string) => object = () => ({})
  const server = createServer((_request, response) => {
    asked += 1
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(says(issuer)))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = await edge(async (tx) => {
    const partner = await createPartner(tx, { slug: `s${issuer.slice(-5)}`, name: 'Sayer' })
    const given = { name: 'Sayer', issuer, clientId: 'portico', clientSecret: 'secret' }
    return createProvider(tx, { sealer, outbound, wall: clock.wall() }, partner.id, given)
  })
  return {
    provider,
    asked: () => asked,
    say: (next: typeof says) => void (says = next),
  }
}

const plain = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
})

test('it is read once in ten minutes, however many leave at once', async () => {
  const { provider, asked, say } = await sayer()
  say(plain)
  await Promise.all([start(provider), start(provider), start(provider)])
  assert.equal(asked(), 1)
  clock.forward(9 * 60_000)
  await start(provider)
  assert.equal(asked(), 1)
  say((issuer) => ({ ...plain(issuer), authorization_endpoint: `${issuer}/moved` }))
  clock.forward(60_000)
  assert.equal(new URL((await start(provider)).location).pathname, '/moved')
  assert.equal(asked(), 2)
})

test('a failure is remembered for a moment, and no longer', async () => {
  const { provider, asked, say } = await sayer()
  await assert.rejects(start(provider), failsWith('provider-unreachable'))
  await assert.rejects(start(provider), failsWith('provider-unreachable'))
  assert.equal(asked(), 1)
  say(plain)
  clock.forward(5000)
  await start(provider)
  assert.equal(asked(), 2)
})

const odd: Readonly<Record<string, readonly [(issuer: string) => object, string]>> = {
  'it is somebody else': [
    (issuer) => ({ ...plain(issuer), issuer: 'https://evil.example' }),
    'provider-unreachable',
  ],
  'it leads to another part of itself': [
    (issuer) => ({ ...plain(issuer), issuer: `${issuer}/tenant` }),
    'provider-unreachable',
  ],
  'it has no page to sign in': [
    (issuer) => ({ ...plain(issuer), authorization_endpoint: undefined }),
    'provider-misconfigured',
  ],
  'its page is a script': [
    (issuer) => ({ ...plain(issuer), authorization_endpoint: 'javascript:alert(1)' }),
    'provider-misconfigured',
  ],
  'its page is in our network': [
    (issuer) => ({ ...plain(issuer), authorization_endpoint: 'https://10.0.0.1/authorize' }),
    'provider-misconfigured',
  ],
  'it takes no secret': [
    (issuer) => ({ ...plain(issuer), token_endpoint_auth_methods_supported: ['private_key_jwt'] }),
    'provider-misconfigured',
  ],
}

for (const [name, [says, why]] of Object.entries(odd)) {
  test(`nobody is sent to a provider when ${name}`, async () => {
    const { provider, say } = await sayer()
    say(says)
    await assert.rejects(start(provider), failsWith(why))
  })
}

test('a document larger than any is not read', async () => {
  const { provider, say } = await sayer()
  say((issuer) => ({ ...plain(issuer), more: 'x'.repeat(300_000) }))
  await assert.rejects(start(provider), failsWith(/too large|went wrong/))
})

test('an issuer that stands for everybody’s tenants is nobody’s', async () => {
  const issuer = 'https://login.microsoftonline.com/common/v2.0'
  const metadata = { ...plain(issuer), issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }
  let asked = 0
  const pretended: Outbound = {
    objection: () => null,
    fetch: async () => {
      asked += 1
      return Response.json(metadata)
    },
    close: async () => {},
  }
  const discovery = createDiscovery({ outbound: pretended, clock, insecure: false })
  await assert.rejects(
    discovery.configurationOf({ issuer, clientId: 'portico', clientSecret: 'secret' }),
    /provider-misconfigured/,
  )
  assert.equal(asked, 1)
})
