/** The enumeration of the session APIs, at both doors: every route × every credential × what is another person's. */
import type { Realm } from '#/identity/sessions/sessions.ts'
import type { Route } from '#/kernel/http/http.ts'
import type { Asking } from './answer.ts'
import { accountRecipes } from './recipes/account.ts'
import { aWhile, bearer, somebodySignedIn } from './cast.ts'
import { asking, makeRows, nameOf, notThere, recipeOf } from './recipes/recipe.ts'
import type { Recipe, Someone } from './recipes/recipe.ts'
import type { Scene } from './scene.ts'
import type { Headers } from './stage.ts'
import { createTrial } from './trial.ts'
import type { Expected, Refused, Trial } from './trial.ts'

type Case = {
  readonly scene: Scene
  readonly realm: Realm
  readonly trial: Trial
  readonly route: Route
  readonly recipe: Recipe<Someone>
}

/** Everything that is not as it should be. */
export async function sessionFindings(scene: Scene, realm: Realm): Promise<string[]> {
  const { stage } = scene
  const trial = createTrial(stage, realm === 'portal' ? 'portal' : 'admin')
  const { prefix } = stage.surfaces[realm]
  for (const route of stage.account[realm]) {
    const behind = { ...route, path: route.path.slice(prefix.length) }
    const one = { scene, realm, trial, route, recipe: recipeOf(accountRecipes, behind) }
    await refusals(one)
    await strangers(one)
    await rightOnes(one)
  }
  return trial.findings
}

/** A route asks for no role: whoever is signed in may, the smallest as well as the greatest. */
const roles = { portal: ['viewer', 'owner'], console: ['auditor', 'admin'] } as const

function guests({ scene, realm }: Pick<Case, 'scene' | 'realm'>) {
  const { place } = scene.parties.own
  const wanted =
    realm === 'portal'
      ? roles.portal.map((role) => ({ role, place }))
      : roles.console.map((role) => ({ role, place: null }))
  return wanted.map((as) => () => somebodySignedIn(scene.stage, realm, as))
}

const cameAWhileAgo = 'somebody who came a while ago'

/** Signed in, and has not proved lately that it is them. */
function staleGuest({ scene, realm }: Case) {
  const { place } = scene.parties.own
  const as =
    realm === 'portal' ? ({ role: 'viewer', place } as const) : ({ role: 'auditor', place: null } as const)
  return somebodySignedIn(scene.stage, realm, as, Date.now() - aWhile)
}

async function refusals(one: Case): Promise<void> {
  const { scene, trial, route, recipe } = one
  const guest = await guests(one)[0]!()
  const call = asking(route, recipe, await makeRows(scene.stage, recipe, guest), guest)
  const refused = [
    ...(route.permission === 'session' ? nobody(one) : []),
    ...(route.method === 'GET' ? [] : foreignPages(guest.headers, route)),
    ...(recipe.proof
      ? ([[cameAWhileAgo, (await staleGuest(one)).headers, '403 auth.step_up_required']] as const)
      : []),
  ]
  await trial.changesNothing(nameOf(route), async () => {
    for (const [who, headers, expected] of refused) await trial.expect(who, call, headers, expected)
  })
}

function nobody({ scene, realm }: Case): Refused[] {
  const { parties, provider } = scene
  const [name, otherName] = ['__Host-portico', '__Host-portico-admin']
  const nobodyHere: Expected = realm === 'portal' ? '401 auth.session_ended' : '401 guard.unauthenticated'
  const ownCookie = realm === 'portal' ? name : otherName
  const otherDoor = realm === 'portal' ? provider.operators.admin : parties.own.members.owner
  const token = otherDoor['cookie']!.split('=')[1]!
  const { gone } = realm === 'portal' ? parties.own : provider
  const service: Refused[] =
    realm === 'portal'
      ? [['a service of the provider', provider.services.admin, nobodyHere]]
      : [['a service of the provider', provider.services.admin, '403 guard.forbidden']]
  return [
    ['nobody', {}, nobodyHere],
    ['what is no token', { cookie: `${ownCookie}=nonsense` }, nobodyHere],
    ['an unknown token', { cookie: `${ownCookie}=${'A'.repeat(43)}` }, nobodyHere],
    ["the other door's session", otherDoor, nobodyHere],
    ["the other door's session under this one's name", { cookie: `${ownCookie}=${token}` }, nobodyHere],
    ['two sessions at once', { cookie: `${ownCookie}=${token}; ${ownCookie}=${token}` }, nobodyHere],
    ['a key of a partner', parties.own.keys.live, nobodyHere],
    ['what is no key', bearer('nonsense'), nobodyHere],
    ...service,
    ...Object.entries(gone).map(([why, headers]): Refused => [
      `somebody whose session is ${why}`,
      headers,
      nobodyHere,
    ]),
  ]
}

function foreignPages(headers: Headers, { permission }: Route): Refused[] {
  const { 'portico-csrf': _, ...cookie } = headers
  const away = { 'sec-fetch-site': 'cross-site' }
  const without: Refused[] =
    permission === 'session' ? [['a page without the token', cookie, '403 auth.foreign_page']] : []
  return [
    ...without,
    ['a foreign page', { ...headers, ...away }, '403 auth.foreign_page'],
    ['a foreign page by its origin', { ...headers, origin: 'https://else.example' }, '403 auth.foreign_page'],
  ]
}

/** What is another person's, or is good no more. */
async function strangers(one: Case): Promise<void> {
  const { scene, realm, trial, route, recipe } = one
  const rows = Object.entries(recipe.rows ?? {})
  if (rows.length === 0) return
  const guest = await guests(one)[0]!()
  const { place } = scene.parties.other
  const as =
    realm === 'portal' ? ({ role: 'viewer', place } as const) : ({ role: 'auditor', place: null } as const)
  const stranger = await somebodySignedIn(scene.stage, realm, as)
  const ids = await makeRows(scene.stage, recipe, guest)
  for (const [name, row] of rows) {
    const theirs = await (row.foreign ?? row.make)(scene.stage, stranger, ids)
    const withId = (id: string): Asking => asking(route, recipe, { ...ids, [name]: id }, guest)
    const missing = notThere(recipe, row, theirs, withId)
    await trial.changesNothing(`${nameOf(route)} with another's ${name}`, () =>
      trial.expectAlike('somebody else', guest.headers, missing),
    )
  }
}

async function rightOnes(one: Case): Promise<void> {
  const { scene, realm, trial, route, recipe } = one
  // At the console there are no organisations to act for, whoever asks.
  const nowhere = realm === 'console' && route.path.endsWith('/session/organisation')
  const status = nowhere ? 404 : (recipe.status ?? route.answer?.status ?? 200)
  for (const arrive of guests(one)) {
    const callers = route.permission === 'public' ? publicCallers(one) : { 'whoever is signed in': null }
    for (const [who, headers] of Object.entries(callers)) {
      const guest = await arrive()
      const call: Asking = asking(route, recipe, await makeRows(scene.stage, recipe, guest), guest)
      await trial.expect(who, call, headers ?? guest.headers, status)
    }
  }
  if (recipe.proof || route.permission === 'public') return
  const guest = await staleGuest(one)
  const call: Asking = asking(route, recipe, await makeRows(scene.stage, recipe, guest), guest)
  await trial.expect(cameAWhileAgo, call, guest.headers, status)
}

/** Whom a public route knows is the same to it. */
function publicCallers({ scene, realm }: Case): Record<string, Headers | null> {
  const { gone } = realm === 'portal' ? scene.parties.own : scene.provider
  return { nobody: {}, 'somebody whose session is over': gone.over, 'whoever is signed in': null }
}
