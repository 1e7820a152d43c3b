/**
 * Who is signed in, for everything a browser calls: the session of its cookie, and that the request really comes from
 * one of our own pages (a foreign page can send the cookie along, and neither read the token nor hide its origin).
 */
import { transact } from '#/kernel/db/db.ts'
import { problem } from '#/kernel/problem/problem.ts'
import { cookieNames, matchesCsrf, readCookie } from '#/identity/sessions/sessions.ts'
import type { Realm, Session } from '#/identity/sessions/sessions.ts'
import { system } from '#/identity/sign-in/proof.ts'
import type { SignInDeps } from '#/identity/sign-in/proof.ts'

export const foreignPage = problem('auth.foreign_page', 403, 'The request does not come from our pages', {
  help: 'Changes are made from the pages of this address, with the token of the session in `Portico-Csrf`. Reload the page and try again.',
})

/** What is looked at of a request. */
export type Asked = {
  readonly method: string
  readonly address: string
  header(name: string): string | undefined
}

/** Where our pages stand: `https://portal.example`. */
export type Origin = () => string

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Throws `foreignPage` for a change that another site's page asks for; a program that is no browser sends neither header. */
export function refuseForeignPage(asked: Asked, origin: string): void {
  if (reading.has(asked.method)) return
  const site = asked.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') throw foreignPage.with()
  const from = asked.header('origin')
  if (from !== undefined && !sameOrigin(from, origin, asked.header('host'))) throw foreignPage.with()
}

/**
 * The public address, or the very host that was called: people reach a demo as localhost and as 127.0.0.1. A page
 * cannot make a browser send another Host than that of the address it calls.
 */
function sameOrigin(from: string, origin: string, host: string | undefined): boolean {
  if (from === new URL(origin).origin) return true
  return URL.canParse(from) && host !== undefined && new URL(from).host === host
}

/** The session, or null. A change without the session's token throws `foreignPage`. */
export async function sessionOf(
  deps: Pick<SignInDeps, 'world' | 'sessions'>,
  realm: Realm,
  asked: Asked,
  origin: string,
): Promise<Session | null> {
  const token = readCookie(asked.header('cookie'), cookieNames[realm])
  if (token === null) return null
  const wall = deps.world.clock.wall()
  const found = await transact(deps.world, system, (tx) => deps.sessions.authenticate(tx, realm, token, wall))
  if (!found) return null
  refuseForeignPage(asked, origin)
  if (!reading.has(asked.method) && !matchesCsrf(found.csrf, asked.header('portico-csrf'))) {
    throw foreignPage.with({ detail: 'The header `Portico-Csrf` is missing, or is that of another session.' })
  }
  return found
}
