/** A scene for single sign-on: an OpenID provider, a partner with a member, and a sign-in from its start to its end. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { createPartner } from '#/identity/partners/partners.ts'
import { addMember, createPerson } from '#/identity/people/people.ts'
import type { MemberRole } from '#/identity/people/people.ts'
import { createProvider, createSso, setDomains } from '#/identity/sso/sso.ts'
import type { Edge, SsoProvider, SsoReturn, SsoStart } from '#/identity/sso/sso.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import { createSealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import type { Log } from '#/kernel/log/log.ts'
import { createOutbound } from '#/kernel/outbound/outbound.ts'
import { startOpenIdProvider } from './provider.ts'
import type { OpenIdProvider } from './provider.ts'

type Failure = {
  readonly code: string
  readonly detail?: string
  readonly deeper?: string
  readonly error?: string
}

/** Wall time that a test moves. */
export type MovedClock = Clock & { forward(milliseconds: number): void }

export function movedClock(): MovedClock {
  let offset = 0
  return {
    wall: () => Date.now() + offset,
    business: () => new Date(Date.now() + offset),
    monotonicUs: () => performance.now() * 1000,
    forward: (milliseconds) => void (offset += milliseconds),
  }
}

/** The parts, wired as a program wires them, and what they log. */
function partsOf(database: Database) {
  const sealer = createSealer(randomBytes(32))
  const clock = movedClock()
  const outbound = createOutbound({ allowLoopback: true })
  after(() => outbound.close())
  const failures: Failure[] = []
  const log = Object.assign(silentLog(), {
    warn: (line: Failure) => void failures.push(line),
  }) as Log
  const callback = (realm: string, id: string) => `https://${realm}.example/sso/${id}/callback`
  const sso = createSso({ sealer, clock, outbound, log, insecure: true, callback })
  const edge: Edge = (work) => transact(database.control, { kind: 'system', name: 'test' }, work)

  /** The problem is the same for everything; the log says which it was, and in more words why. */
  const failsWith = (expected: string | RegExp) => (error: unknown) => {
    const code = (error as { definition?: { code: string } }).definition?.code
    const line = failures.at(-1)
    assert.equal(code, 'auth.sso_failed')
    const said = [line?.code, line?.error, line?.detail, line?.deeper].join(': ')
    if (typeof expected === 'string') assert.equal(line?.code, expected, said)
    else assert.match(said, expected)
    return true
  }
  return { sealer, clock, outbound, failures, callback, sso, edge, failsWith }
}

export function ssoScene(database: Database) {
  const parts = partsOf(database)
  const { sealer, clock, outbound, callback, sso, edge } = parts
  const callbacks: string[] = []

  const somebody = async (email: string, at?: { partnerId: string; role?: MemberRole }): Promise<string> => {
    const { id } = await edge((tx) => createPerson(tx, sealer, { email, name: null }))
    if (at) await edge((tx) => addMember(tx, at.partnerId, id, at.role ?? 'developer'))
    return id
  }

  /** A partner of its own with an OpenID provider that speaks for `domain`. */
  const partnerWith = async (openid: OpenIdProvider, domain: string, joinRole: 'viewer' | null = null) => {
    const partner = await edge((tx) => createPartner(tx, { slug: `p${newId().slice(-8)}`, name: 'Partner' }))
    const provider = await providerFor(openid, partner.id, domain, joinRole)
    return { partnerId: partner.id, provider }
  }

  const providerFor = async (
    openid: OpenIdProvider,
    partnerId: string | null,
    domain: string,
    joinRole: 'viewer' | null = null,
  ): Promise<SsoProvider> => {
    const { issuer, clientId, clientSecret } = openid
    const given = { name: 'Staff', issuer, clientId, clientSecret, joinRole }
    const { id } = await edge((tx) =>
      createProvider(tx, { sealer, outbound, wall: clock.wall() }, partnerId, given),
    )
    callbacks.push(callback(partnerId === null ? 'console' : 'portal', id))
    await openid.configure({ callbacks })
    return edge((tx) => setDomains(tx, partnerId, id, [domain]))
  }
  const start = (provider: SsoProvider, more: Partial<SsoStart> = {}) =>
    sso.start(edge, {
      realm: provider.partnerId === null ? 'console' : 'portal',
      providerId: provider.id,
      browser: null,
      returnTo: '/portal/usage',
      ...more,
    })

  const finish = (
    provider: SsoProvider,
    cameBackTo: URL,
    browser: string | null,
    more: Partial<SsoReturn> = {},
  ) =>
    sso.finish(edge, {
      realm: provider.partnerId === null ? 'console' : 'portal',
      providerId: provider.id,
      query: cameBackTo.search,
      browser,
      ...more,
    })

  /** From the start to the end; `login` is what the provider takes for whoever comes. */
  const signIn = async (
    openid: OpenIdProvider,
    provider: SsoProvider,
    login: string,
    more: Partial<SsoStart> = {},
  ) => {
    const { location, browser } = await start(provider, { email: login, ...more })
    return finish(provider, await openid.walk(location), browser)
  }

  return { ...parts, somebody, partnerWith, providerFor, start, finish, signIn }
}

export { startOpenIdProvider }
