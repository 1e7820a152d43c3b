/** Starts an OpenID provider as a process of its own, tells it what to be, and walks through it like a browser. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { after } from 'node:test'

/** A private key as the provider keeps it. */
export type SigningKey = webcrypto.JsonWebKey & { readonly kid?: string }

export type Account = {
  readonly email?: string
  readonly email_verified?: unknown
  readonly name?: string
}

export type Setting = {
  readonly keys: readonly SigningKey[]
  readonly clients: readonly object[]
  /** By the name it has for them (`sub`). */
  readonly accounts: Readonly<Record<string, Account>>
  /** The address stands in the ID token, and not only under `/me`. */
  readonly idTokenEmail?: boolean
  /** Does not promise `iss` in its answers, as old ones. */
  readonly silentIss?: boolean
  readonly bent?: {
    readonly claims?: object
    readonly without?: readonly string[]
    readonly header?: object
    readonly key?: SigningKey
    readonly unsigned?: boolean
  }
}

export type OpenIdProvider = {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** From now on it is like this; what is not said stays. */
  configure(
    setting: Partial<Omit<Setting, 'clients'>> & { readonly callbacks?: readonly string[] },
  ): Promise<void>
  /** Through its pages, as a browser without cookies: the address it sends back to. */
  walk(location: string): Promise<URL>
  stop(): Promise<void>
}

export function signingKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomBytes(8).toString('hex')
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }
}

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const child = fork(join(import.meta.dirname, 'provider-process.ts'), {
    // It warns of the version of Node, and of what is not for production.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill()
    await gone
  }
  after(stop)
  const { issuer } = (await said(child)) as { issuer: string }
  const [clientId, clientSecret] = ['portico', randomBytes(16).toString('hex')]
  let callbacks: readonly string[] = []
  let setting: Setting = { keys: [signingKey()], clients: [], accounts: {} }
  return {
    issuer,
    clientId,
    clientSecret,
    stop,
    walk: (location) => walk(location, issuer),
    async configure({ callbacks: given, ...changes }) {
      callbacks = given ?? callbacks
      const client = {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: callbacks,
        id_token_signed_response_alg: 'ES256',
      }
      setting = { ...setting, ...changes, clients: [client] }
      const done = said(child)
      child.send(setting)
      await done
    },
  }
}

/** The next message; an error when the process ends instead. */
function said(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the OpenID provider ended (${code})`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message)
    })
  })
}

async function walk(location: string, issuer: string): Promise<URL> {
  const jar = new Map<string, string>()
  let at = new URL(location)
  for (let steps = 0; at.origin === issuer; steps += 1) {
    if (steps > 10) throw new Error(`the provider leads in circles, now to ${at.pathname}`)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    const next = response.headers.get('location')
    if (next === null) throw new Error(`${at.pathname} answered ${response.status}: ${await response.text()}`)
    at = new URL(next, at)
  }
  return at
}
