/** The enumeration of the management API: every route × every credential of the admin port × rows that are not there. */
import { allows, isOperatorRole, serviceRoles } from '#/governance/roles/roles.ts'
import type { ServiceRole } from '#/governance/roles/roles.ts'
import type { Route } from '#/kernel/http/http.ts'
import type { Asking } from './answer.ts'
import { newPlace, unknownService } from './cast.ts'
import type { Provider } from './cast.ts'
import { asking, makeRows, nameOf, notThere, recipeOf } from './recipes/recipe.ts'
import type { Place, Recipe } from './recipes/recipe.ts'
import { routeRecipes } from './recipes/recipes.ts'
import type { Scene } from './scene.ts'
import type { Headers } from './stage.ts'
import { createTrial } from './trial.ts'
import type { Refused, Trial } from './trial.ts'

type Case = {
  readonly scene: Scene
  readonly trial: Trial
  readonly route: Route
  readonly recipe: Recipe
  /** Nobody else's: an operator may change everything in it. */
  readonly place: Place
}

/** Everything that is not as it should be. */
export async function managementFindings(scene: Scene): Promise<string[]> {
  const { stage } = scene
  const trial = createTrial(stage, 'admin')
  for (const route of stage.management) {
    const recipe = recipeOf(routeRecipes, route)
    const one = { scene, trial, route, recipe, place: await newPlace(stage, 'lumen') }
    const call = asking(route, recipe, await makeRows(stage, recipe, one.place), one.place)
    await trial.changesNothing(nameOf(route), () => refusals(one, call))
    await strangers(one)
    await rightOnes(one)
  }
  return trial.findings
}

async function refusals({ scene, trial, route, recipe }: Case, call: Asking): Promise<void> {
  const changes = route.method !== 'GET'
  const small = serviceRoles.filter((role) => !allows('operator', role, route.permission))
  const { provider } = scene
  const refused: readonly Refused[] = [
    ...nobody(scene),
    ...(changes ? foreignPages(provider) : []),
    ...small.flatMap((role): Refused[] => [
      [`a service as ${role}`, provider.services[role], '403 guard.forbidden'],
      ...(isOperatorRole(role)
        ? ([[`an operator as ${role}`, provider.operators[role], '403 guard.forbidden']] as const)
        : []),
    ]),
  ]
  for (const [who, headers, expected] of refused) {
    const sent = sentBy(headers, recipe)
    await trial.expect(who, call, sent, expected)
    if (changes) continue
    // Without a body there is no code to compare.
    await trial.expect(who, { ...call, method: 'HEAD' }, sent, Number(String(expected).slice(0, 3)))
  }
}

/** Where `Authorization` is somebody else's, the key stands in a header of its own. */
function sentBy(headers: Headers, { passesOn }: Recipe): Headers {
  const { authorization, ...rest } = headers
  if (!passesOn || authorization === undefined) return headers
  return { ...rest, 'portico-service-key': authorization.replace('Bearer ', '') }
}

function nobody({ provider, parties }: Scene): Refused[] {
  const { services, operators, gone } = provider
  const typed = services.admin['authorization']!
  const mistyped = typed.slice(0, -1) + (typed.endsWith('a') ? 'b' : 'a')
  const portal = parties.own.members.owner['cookie']!
  const others: Record<string, Headers> = {
    nobody: {},
    'an unknown key': unknownService(),
    'a mistyped key': { authorization: mistyped },
    'a key in another scheme': { authorization: typed.replace('Bearer', 'Basic') },
    'an expired key': services.expired,
    'a revoked key': services.revoked,
    "a partner's key": parties.own.keys.live,
    "a partner's session": parties.own.members.owner,
    "a partner's session under the operators' name": {
      cookie: portal.replace('__Host-portico=', '__Host-portico-admin='),
    },
    'a wrong key beside a good session': { ...operators.admin, authorization: 'Bearer pts_' },
  }
  return [
    ...Object.entries(others).map(([who, headers]): Refused => [who, headers, '401 guard.unauthenticated']),
    ...Object.entries(gone).map(([why, headers]): Refused => [
      `an operator whose session is ${why}`,
      headers,
      '401 guard.unauthenticated',
    ]),
  ]
}

function foreignPages({ operators }: Provider): Refused[] {
  const { 'portico-csrf': _, ...cookie } = operators.admin
  return [
    ['a page without the token', cookie, '403 auth.foreign_page'],
    ['a foreign page', { ...operators.admin, 'sec-fetch-site': 'cross-site' }, '403 auth.foreign_page'],
  ]
}

/** Both credentials of an administrator, who may everything; a service's key only where it is let in. */
function administrators({ services, operators }: Provider, recipe: Recipe): [string, Headers][] {
  const people: [string, Headers][] = [['an administrator', operators.admin]]
  return recipe.peopleOnly ? people : [...people, ['a service as admin', services.admin]]
}

/**
 * What is nobody's; and where rows belong to the partner in the path, what is another partner's, or a partner's where
 * the provider's own is meant.
 */
async function strangers({ scene, trial, route, recipe, place }: Case): Promise<void> {
  const { stage, parties, provider } = scene
  const rows = Object.entries(recipe.rows ?? {})
  const inPartner = rows.some(([, row]) => row.kind === 'partner')
  const [ids, others] = [
    await makeRows(stage, recipe, place),
    await makeRows(stage, recipe, parties.other.place),
  ]
  for (const [name, row] of rows) {
    const owned = row.foreign !== undefined || (inPartner && row.kind === undefined)
    const theirs = (await row.foreign?.(stage, parties.other.place, others)) ?? others[name]!
    const withId = (id: string) => asking(route, recipe, { ...ids, [name]: id }, place)
    // An operator may act on every partner's, so what is of no partner in particular is foreign to nobody.
    const missing = notThere(recipe, owned ? row : { ...row, kind: 'shared' }, theirs, withId)
    await trial.changesNothing(`${nameOf(route)} with another's ${name}, or nobody's`, async () => {
      for (const [who, headers] of administrators(provider, recipe)) {
        await trial.expectAlike(who, sentBy(headers, recipe), missing)
      }
    })
  }
}

async function rightOnes({ scene, trial, route, recipe }: Case): Promise<void> {
  const { stage, provider } = scene
  const status = recipe.status ?? route.answer?.status ?? 200
  const needed = [route.permission, ...(recipe.also ?? [])]
  const mayAll = (role: ServiceRole) => needed.every((permission) => allows('operator', role, permission))
  for (const role of serviceRoles.filter((one) => allows('operator', one, route.permission))) {
    const place = await newPlace(stage, 'lumen')
    const forPeople = mayAll(role) ? status : 403
    const callers: [string, Headers, number][] = [
      [`a service as ${role}`, provider.services[role], recipe.peopleOnly ? 403 : forPeople],
    ]
    if (isOperatorRole(role)) callers.push([`an operator as ${role}`, provider.operators[role], forPeople])
    const caller = isOperatorRole(role) ? provider.people[role] : null
    for (const [who, headers, expected] of callers) {
      const where = caller ? { ...place, caller } : place
      const call = asking(route, recipe, await makeRows(stage, recipe, where), where)
      await trial.expect(who, call, sentBy(headers, recipe), expected)
    }
  }
}
