/** A person's browser, as far as our pages need one. */

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
