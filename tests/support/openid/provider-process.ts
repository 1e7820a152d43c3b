/**
 * A real OpenID provider (`oidc-provider`) as a process of its own. Whoever is named in `login_hint` is signed in
 * without being asked. Its parent tells it what is registered and, where a test wants it, how ID tokens are bent.
 */
import { createPrivateKey, sign } from 'node:crypto'
import type { webcrypto } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import type { Context } from 'oidc-provider'
import type { Setting } from './provider.ts'
import { createStore } from './store.ts'

const store = createStore()

const answer: { current: RequestListener } = {
  current: (_request, response) => void response.writeHead(503).end(),
}
const server = createServer((request, response) => answer.current(request, response))

function issuer(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function build(setting: Setting): RequestListener {
  const { keys, clients, accounts, idTokenEmail, silentIss } = setting
  const provider = new Provider(issuer(), {
    adapter: store,
    jwks: { keys },
    clients,
    cookies: { keys: ['for tests'] },
    responseTypes: ['code'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: !idTokenEmail,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/enter/${uid}` },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...accounts[accountId] }),
    }),
    async loadExistingGrant({ oidc }: Context) {
      const grant = new provider.Grant({
        accountId: oidc.session.accountId,
        clientId: oidc.client.clientId,
      })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  provider.use(async (context, next) => {
    await next()
    if (context.path === '/token') context.body = bend(context.body, setting)
    if (context.path === '/.well-known/openid-configuration' && silentIss) {
      context.body = {
        ...(context.body as object),
        authorization_response_iss_parameter_supported: undefined,
      }
    }
  })
  const serve = provider.callback()
  const enter = async (request: IncomingMessage, response: ServerResponse) => {
    const { params } = await provider.interactionDetails(request, response)
    const hint = String(params.login_hint)
    const found = Object.keys(accounts).find((id) => id === hint || accounts[id]?.email === hint)
    const result = found
      ? { login: { accountId: found } }
      : { error: 'access_denied', error_description: 'nobody of that name' }
    await provider.interactionFinished(request, response, result)
  }
  return (request, response) => {
    if (!request.url?.startsWith('/enter/')) return serve(request, response)
    return enter(request, response).catch((error: Error) => response.writeHead(500).end(error.message))
  }
}

/** An ID token says something else, or is signed by somebody else. */
function bend(body: unknown, { keys, bent }: Setting): unknown {
  if (!bent || typeof body !== 'object' || body === null || !('id_token' in body)) return body
  const parts = String(body.id_token).split('.')
  const read = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as object
  const write = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = Object.entries({ ...read(parts[1]), ...bent.claims })
  const kept = Object.fromEntries(claims.filter(([name]) => !bent.without?.includes(name)))
  const text = `${write({ ...read(parts[0]), ...bent.header })}.${write(kept)}`
  const key = createPrivateKey({ key: (bent.key ?? keys[0]) as webcrypto.JsonWebKey, format: 'jwk' })
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return { ...body, id_token: `${text}.${bent.unsigned ? '' : signature.toString('base64url')}` }
}

process.on('message', (setting: Setting) => {
  answer.current = build(setting)
  process.send?.({ configured: true })
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send?.({ issuer: issuer() }))
