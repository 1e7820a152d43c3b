/** The enumeration of the Partner API: every operation × every credential × rows that are one's own, foreign, nobody's. */
import { allows, memberRoles } from '#/governance/roles/roles.ts'
import { deriveDemoKey, randomText } from '#/identity/keys/keys.ts'
import type { PartnerOperation } from '#/kernel/http/http.ts'
import type { Party } from './cast.ts'
import { bearer } from './cast.ts'
import { asking, makeRows, nameOf, notThere, recipeOf } from './recipes/recipe.ts'
import type { Ids, NotThere, Place, Recipe } from './recipes/recipe.ts'
import { operationRecipes } from './recipes/recipes.ts'
import type { Headers, Stage } from './stage.ts'
import { createTrial } from './trial.ts'
import type { Refused, Trial } from './trial.ts'

/** The two sides, and a partner that the provider has suspended. */
export type Parties = { readonly own: Party; readonly other: Party; readonly suspended: Party }

type Case = {
  readonly stage: Stage
  readonly trial: Trial
  readonly operation: PartnerOperation
  readonly recipe: Recipe
  readonly parties: Parties
  /** Leaves out people. */
  readonly keysOnly?: boolean
}

const elsewhere = (place: Place): Place => ({ ...place, environment: 'sandbox' })
const inSandbox = (headers: Headers): Headers => ({ ...headers, 'portico-environment': 'sandbox' })

/** Everything that is not as it should be. */
export async function partnerFindings(stage: Stage, parties: Parties): Promise<string[]> {
  const trial = createTrial(stage, 'partner')
  for (const operation of stage.operations) {
    const recipe = recipeOf(operationRecipes, operation)
    const one = { stage, trial, operation, recipe, parties }
    const ids = await makeRows(stage, recipe, parties.own.place)
    await trial.changesNothing(nameOf(operation), () => refusals(one, ids))
    await strangers(one)
    await wrongEnvironment(one)
    await rightOnes(one)
  }
  return trial.findings
}

/**
 * The first breach of ownership that keys find, in what others have and in what lists show; none: there is no finding.
 * A part of the enumeration above, for a wall that is open somewhere. `isEnough`: it was noticed otherwise.
 */
export async function firstBreach(
  stage: Stage,
  parties: Parties,
  isEnough: () => boolean = () => false,
): Promise<string[]> {
  const trial = createTrial(stage, 'partner')
  for (const operation of stage.operations) {
    const recipe = recipeOf(operationRecipes, operation)
    const one = { stage, trial, operation, recipe, parties, keysOnly: true }
    await strangers(one)
    if (operation.method === 'GET') await rightOnes(one)
    if (trial.findings.length > 0 || isEnough()) break
  }
  return trial.findings
}

/** Whoever may not call this at all, whatever it is about. */
async function refusals({ trial, operation, recipe, parties }: Case, ids: Ids): Promise<void> {
  const { own } = parties
  const call = asking(operation, recipe, ids, own.place)
  const changes = operation.method !== 'GET'
  const refused: readonly Refused[] = [
    ...nobody(own),
    ['a key of a suspended partner', parties.suspended.keys.live, '403 access.partner_suspended'],
    ['the owner of a suspended partner', parties.suspended.members.owner, '403 access.partner_suspended'],
    ...(operation.scopes.length > 0
      ? ([['a key without the scope', own.keys.bound, '403 auth.insufficient_scope']] as const)
      : []),
    ...(operation.organisation
      ? ([['a key of the sandbox', own.keys.sandbox, '403 auth.live_key_needed']] as const)
      : []),
    ...(changes ? foreignPages(own) : []),
    ...(recipe.proof
      ? ([['an owner who came a while ago', own.stale, '403 auth.step_up_required']] as const)
      : []),
    [
      'the owner in an environment that is not there',
      { ...own.members.owner, 'portico-environment': 'staging' },
      '400 auth.environment_unknown',
    ],
    ...memberRoles
      .filter((role) => !mayCall(operation, role))
      .map((role) => [`a member as ${role}`, own.members[role], '403 auth.role_too_small'] as const),
  ]
  for (const [who, headers, expected] of refused) await trial.expect(who, call, headers, expected)
}

function nobody({ keys, gone, members }: Party): Refused[] {
  const typed = keys.live['authorization']!
  return [
    ['nobody', {}, '401 auth.missing'],
    ['what is no key', bearer('nonsense'), '401 auth.malformed_key'],
    [
      'a key in another scheme',
      { authorization: typed.replace('Bearer', 'Basic') },
      '401 auth.malformed_key',
    ],
    ['a mistyped key', { authorization: swapped(typed) }, '401 auth.mistyped_key'],
    [
      'an unknown key',
      bearer(deriveDemoKey('another installation', 'starter', 'live')),
      '401 auth.unknown_key',
    ],
    ["a key of the provider's services", bearer(randomText('pts_')), '401 auth.malformed_key'],
    ['an expired key', keys.expired, '401 auth.expired_key'],
    ['a revoked key', keys.revoked, '401 auth.revoked_key'],
    [
      'a wrong key beside a good session',
      { ...members.owner, ...bearer('nonsense') },
      '401 auth.malformed_key',
    ],
    ...Object.entries(gone).map(
      ([why, headers]) => [`a member whose session is ${why}`, headers, '401 auth.missing'] as const,
    ),
  ]
}

/** The last character but one is another. */
function swapped(text: string): string {
  const at = text.length - 2
  return text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1)
}

/** A page of another site has the cookie sent along, and does not know the token. */
function foreignPages({ members }: Party): Refused[] {
  const { 'portico-csrf': _, ...cookie } = members.owner
  return [
    ['a page without the token', cookie, '403 auth.foreign_page'],
    ['a foreign page', { ...members.owner, 'sec-fetch-site': 'cross-site' }, '403 auth.foreign_page'],
  ]
}

const mayCall = ({ permission }: PartnerOperation, role: string) =>
  permission !== undefined && allows('member', role, permission)

const rolesFor = ({ operation, keysOnly = false }: Case) =>
  keysOnly ? [] : memberRoles.filter((role) => mayCall(operation, role))

/** A row of the other side, in the place of each in turn. */
async function strangers(one: Case): Promise<void> {
  const { stage, trial, operation, recipe, parties } = one
  const { own, other } = parties
  const names = Object.keys(recipe.rows ?? {})
  if (names.length === 0) return
  const callers: [string, Headers][] = [
    ['a key of another partner', other.keys.live],
    ...rolesFor(one).map((role): [string, Headers] => [`${role} of another partner`, other.members[role]]),
  ]
  const [mine, theirs] = [
    await makeRows(stage, recipe, other.place),
    await makeRows(stage, recipe, own.place),
  ]
  await trial.changesNothing(`${nameOf(operation)} by strangers`, async () => {
    for (const missing of notThereFor(operation, recipe, { mine, theirs, place: other.place })) {
      for (const [who, headers] of callers) await trial.expectAlike(who, headers, missing)
    }
  })
}

type Sides = { readonly mine: Ids; readonly theirs: Ids; readonly place: Place }

/** For each row: theirs in its place, and what it is answered like. */
function notThereFor(
  operation: PartnerOperation,
  recipe: Recipe,
  { mine, theirs, place }: Sides,
): NotThere[] {
  return Object.entries(recipe.rows ?? {}).map(([name, row]) =>
    notThere(recipe, row, theirs[name]!, (id) => asking(operation, recipe, { ...mine, [name]: id }, place)),
  )
}

/** One's own in the other environment is not there either. */
async function wrongEnvironment({ stage, trial, operation, recipe, parties: { own } }: Case): Promise<void> {
  if (!Object.values(recipe.rows ?? {}).some(({ inEnvironment }) => inEnvironment)) return
  const [live, sandbox] = [
    await makeRows(stage, recipe, own.place),
    await makeRows(stage, recipe, elsewhere(own.place)),
  ]
  await trial.changesNothing(`${nameOf(operation)} in the wrong environment`, async () => {
    const fromLive = { mine: live, theirs: sandbox, place: own.place }
    for (const missing of notThereFor(operation, recipe, fromLive)) {
      await trial.expectAlike('a live key', own.keys.live, missing)
      await trial.expectAlike('the owner in live', own.members.owner, missing)
    }
    const fromSandbox = { mine: sandbox, theirs: live, place: elsewhere(own.place) }
    for (const missing of notThereFor(operation, recipe, fromSandbox)) {
      await trial.expectAlike('a key of the sandbox', own.keys.sandbox, missing)
      await trial.expectAlike('the owner in the sandbox', inSandbox(own.members.owner), missing)
    }
  })
}

/** Everybody who may, each with rows of its own; and what is shown is the caller's and nobody else's. */
async function rightOnes(one: Case): Promise<void> {
  const { stage, trial, operation, recipe, parties } = one
  const { own, other } = parties
  const status = recipe.status ?? operation.status
  const roles = rolesFor(one)
  const callers: [string, Headers, Party, Place][] = [
    ['a live key', own.keys.live, own, own.place],
    ["the other partner's live key", other.keys.live, other, other.place],
    ...roles.map((role): [string, Headers, Party, Place] => [role, own.members[role], own, own.place]),
  ]
  if (!one.keysOnly && !recipe.proof && mayCall(operation, 'owner')) {
    callers.push(['an owner who came a while ago', own.stale, own, own.place])
  }
  if (!operation.organisation) {
    callers.push(['a key of the sandbox', own.keys.sandbox, own, elsewhere(own.place)])
    const [role] = roles
    if (role) {
      callers.push([`${role} in the sandbox`, inSandbox(own.members[role]), own, elsewhere(own.place)])
    }
  }
  for (const [who, headers, party, place] of callers) {
    const ids = await makeRows(stage, recipe, place)
    const call = asking(operation, recipe, ids, place)
    const { text } = await trial.expect(who, call, headers, status)
    const stranger = party === own ? other : own
    if (text.includes(stranger.place.marker)) {
      trial.findings.push(
        `${nameOf(operation)} shows ${who} what is another partner's: ${text.slice(0, 300)}`,
      )
    }
    // Else the line above would be true of an empty answer.
    if (operation.method === 'GET' && !recipe.unmarked && !text.includes(party.place.marker)) {
      trial.findings.push(`${nameOf(operation)} shows ${who} nothing of its own: ${text.slice(0, 300)}`)
    }
  }
}
