/** A person's browser, as far as our pages need one, and their mailbox. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type Credentials = { readonly email: string; readonly password: string }

/** A browser of one door: keeps cookies, and sends what our pages send. */
export function browser(base: string, prefix: string) {
  const cookies = new Map<string, string>()
  let csrf = ''
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${base}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'portico-csrf': csrf,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.split(';', 1)[0]?.split('=') ?? []
      cookies.set(name, value)
    }
    const text = await answer.text()
    const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>
    if (typeof json.csrf === 'string') csrf = json.csrf
    return { status: answer.status, json, cookies: answer.headers.getSetCookie(), headers: answer.headers }
  }
  return { ask, cookies, signIn: (who: Credentials) => ask('POST', `${prefix}/session`, who) }
}

/** The token of the invitation to the address, once it has been written; `data` is the folder of the program. */
export async function letterTo(data: string, address: string): Promise<string> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    for (const file of globSync(join(data, 'mailbox', '*.eml'))) {
      const text = readFileSync(file, 'utf8')
      if (text.includes(`To: ${address}`))
        return /invitations\/([\w-]{43})/.exec(text.replaceAll('=\n', ''))?.[1] ?? ''
    }
    await delay(50)
  }
  throw new Error('no letter came')
}
