/** Both doors that people come in by, behind HTTP: browsers with cookies, and the letters that people get. */
import { after } from 'node:test'
import { accountRoutes, createSessionGuard } from '#/identity/account/account.ts'
import type { Surface } from '#/identity/account/account.ts'
import { createPostOffice } from '#/identity/notices/notices.ts'
import type { Message } from '#/identity/notices/notices.ts'
import { writeLetters } from '#/identity/recovery/recovery.ts'
import type { Realm } from '#/identity/sessions/sessions.ts'
import { createSso } from '#/identity/sso/sso.ts'
import { createHttp } from '#/kernel/http/http.ts'
import type { Http, Route } from '#/kernel/http/http.ts'
import { publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import type { Log } from '#/kernel/log/log.ts'
import { createOutbound } from '#/kernel/outbound/outbound.ts'
import type { TestDatabase } from '../database.ts'
import { people } from './people.ts'

export type { Message }

export const origins = { portal: 'https://portal.test', console: 'https://console.test' } as const
const prefixes = { portal: '/portal/api', console: '/v1' } as const

export type Answer = {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- the test that reads it asserts its shape
  readonly body: any
  /** As it came. */
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly setCookies: readonly string[]
}

/** A line that single sign-on left in the log. */
type Said = { readonly event: string; readonly requestId?: string; readonly code?: string }

let browsers = 0

/** Each from a network of its own, where none is given. */
function nextAddress(): string {
  browsers += 1
  return `2001:db8:${browsers.toString(16)}::1`
}

/** Keeps cookies and the token of its session, and sends both, as our pages do. */
export function browserAt(http: Http, realm: Realm, address = nextAddress()) {
  const cookies = new Map<string, string>()
  let csrf = ''
  const ask = async (
    request: `${string} /${string}`,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const [method = '', path = ''] = request.split(' ')
    const answer = await http.inject({
      method: method as 'GET',
      url: `${prefixes[realm]}${path}`,
      remoteAddress: address,
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'portico-csrf': csrf,
        ...headers,
      },
      ...(body && { payload: body }),
    })
    const setCookies = [answer.headers['set-cookie'] ?? []].flat()
    for (const cookie of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const json = /json/.test(String(answer.headers['content-type'])) ? answer.json() : undefined
    if (typeof json?.csrf === 'string') csrf = json.csrf
    return { status: answer.statusCode, body: json, text: answer.body, headers: answer.headers, setCookies }
  }
  return { ask, cookies }
}

export async function doors(database: TestDatabase, options: Parameters<typeof people>[1] = {}) {
  const stage = people(database, options)
  const { deps, sealer, clock } = stage
  const outbound = createOutbound({ allowLoopback: true })
  after(() => outbound.close())
  const callback = (realm: Realm, id: string) =>
    `${origins[realm]}${prefixes[realm]}/sso/${publicId('sso', id)}/callback`
  const said: Said[] = []
  const log = Object.assign(silentLog(), { warn: (line: Said) => void said.push(line) }) as Log
  const sso = createSso({ sealer, clock, log, outbound, insecure: true, callback })
  const routes: Record<Realm, readonly Route[]> = { portal: [], console: [] }
  const open = (realm: Realm) => {
    const surface: Surface = {
      deps,
      realm,
      prefix: prefixes[realm],
      origin: () => origins[realm],
      provider: 'Solstice',
    }
    routes[realm] = accountRoutes(surface, sso)
    return createHttp({
      log: silentLog(),
      base: () => origins.portal,
      guard: createSessionGuard(surface),
      world: deps.world,
      routes: routes[realm],
    })
  }
  const http = { portal: await open('portal'), console: await open('console') }
  after(() => Promise.all([http.portal.close(), http.console.close()]))

  /** What has been written since the last time, oldest first. */
  const letters = async (): Promise<Message[]> => {
    const sent: Message[] = []
    await writeLetters(stage.within, deps, {
      portal: `${origins.portal}/portal/recovery`,
      console: `${origins.console}/console/recovery`,
    })
    const transport = async (_id: string, message: Message) => void sent.push(message)
    await createPostOffice({ database, sealer, transport, log: silentLog() }).deliver()
    return sent
  }

  return {
    ...stage,
    http,
    routes,
    outbound,
    callback,
    said,
    letters,
    browser: (realm: Realm = 'portal', address?: string) => browserAt(http[realm], realm, address),
  }
}

/** The link in a letter, and what it ends in. */
export function linkIn(letter: Message | undefined): { readonly page: string; readonly token: string } {
  const [, page = '', token = ''] = /^(https:\S+)\/([\w-]{43})$/m.exec(letter?.text ?? '') ?? []
  return { page, token }
}
