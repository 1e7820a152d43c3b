/** Rows and recipes of the session APIs, by path behind the prefix of either door. How to add one: `recipe.ts`. */
import { randomBytes } from 'node:crypto'
import { createPostOffice } from '#/identity/notices/notices.ts'
import { askForAddress } from '#/identity/new-address/new-address.ts'
import { askForPassword, writeLetters } from '#/identity/recovery/recovery.ts'
import { passkeySite, registerPasskey, registrationOptions } from '#/identity/passkeys/passkeys.ts'
import { newId, parseId, publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { revokeInvitation } from '#/identity/invitations/invitations.ts'
import { createAuthenticator } from '../../passkeys/authenticator.ts'
import { openSession, password } from '../cast.ts'
import { addOpenId, invited } from './identity.ts'
import type { Recipes, Row, Someone } from './recipe.ts'
import type { Stage } from '../stage.ts'

const session: Row<Someone> = {
  make: async (stage, { realm, personId }) =>
    publicId('ses', (await openSession(stage, realm, personId)).session.id),
}

/** Registered on a device in software. */
const passkey: Row<Someone> = {
  async make(stage, { realm, personId, sessionId, email }) {
    const { origin, provider } = stage.surfaces[realm]
    const deps = { sealer: stage.sealer, site: passkeySite(origin(), provider), wall: Date.now() }
    const by = { personId, sessionId }
    const options = await stage.inTx((tx) => registrationOptions(tx, deps, by, { email, name: email }))
    const { answer } = createAuthenticator(origin()).create(options)
    const made = await stage.inTx((tx) => registerPasskey(tx, deps, by, { answer, name: 'Phone' }))
    if ('refused' in made) throw made.refused
    return publicId('psk', made.id)
  },
}

const randomToken = () => randomBytes(32).toString('base64url')

/** The token of a link, as its letter brings it; foreign is one that was taken back. */
const invitation: Row<Someone> = {
  make: async (stage, { place }) => (await letterFor(stage, place)).token,
  async foreign(stage, { place }) {
    const { id, token } = await letterFor(stage, place)
    await stage.inTx((tx) => revokeInvitation(tx, place?.partnerId ?? null, id))
    return token
  },
  absent: randomToken,
}

/** A network of its own: letters are counted by it. */
const somewhere = () => `2001:db8:${newId().slice(-4)}:${newId().slice(-8, -4)}::1`

/** Good for whoever has it, so there is no foreign one. */
const recoveryLink: Row<Someone> = {
  kind: 'shared',
  async make(stage, { realm, email }) {
    const { deps } = stage.surfaces[realm]
    const pages = { portal: 'https://portal.example/recovery', console: 'https://admin.example/recovery' }
    await stage.inTx((tx) =>
      askForPassword(tx, deps, {
        email,
        realm,
        address: somewhere(),
      }),
    )
    await writeLetters((work) => stage.inTx(work), deps, pages)
    return newestToken(stage)
  },
  absent: randomToken,
}

const addressLink: Row<Someone> = {
  async make(stage, { realm, personId }) {
    const { deps } = stage.surfaces[realm]
    const { session } = await openSession(stage, realm, personId)
    const asked = {
      email: `${newId()}@new.example`,
      address: somewhere(),
      page: 'https://portal.example/new-address',
    }
    await stage.inTx((tx) => askForAddress(tx, deps, session, asked))
    return newestToken(stage)
  },
  absent: randomToken,
}

async function newestToken({ database, sealer }: Stage): Promise<string> {
  let token = ''
  const transport = async (_: string, message: { readonly text: string }) =>
    void (token = /\/([\w-]{43})$/m.exec(message.text)?.[1] ?? token)
  await createPostOffice({ database, sealer, transport, log: silentLog() }).deliver()
  return token
}

async function letterFor(stage: Stage, place: Someone['place']): Promise<{ id: string; token: string }> {
  const id = parseId('ivt', await invited(stage, place))!
  let text = ''
  const transport = async (_: string, message: { readonly text: string }) => void (text = message.text)
  const { database, sealer } = stage
  const office = createPostOffice({ database, sealer, transport, log: silentLog() })
  // The newest letter is the last one delivered.
  await office.deliver()
  return { id, token: /invitations\/([\w-]{43})$/m.exec(text)?.[1] ?? '' }
}

/** Another partner's is foreign: members see their own ones only. */
const organisation: Row<Someone> = {
  make: async (_, { place }) => publicId('ptn', place?.partnerId ?? newId()),
}

const openId: Row<Someone> = { make: (stage, { place }) => addOpenId(stage, place) }

/** What a browser would send, of a passkey that is not there. */
const assertion = {
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  response: { clientDataJSON: 'e30', authenticatorData: 'AAAA', signature: 'AAAA' },
}
const registration = {
  ...assertion,
  response: { clientDataJSON: 'e30', attestationObject: 'AAAA' },
}

// A ceremony is proved where it is at home; here nobody comes in, or on, with an answer that was made up.
const madeUp = { status: 422 } as const
const noTicket = { status: 401 } as const

export const accountRecipes: Recipes<Someone> = {
  'POST /session': { body: (_, { email }) => ({ email, password }) },
  'POST /session/code': { body: () => ({ ticket: 'made up', code: '123456' }), ...noTicket },
  'DELETE /session': {},
  'POST /session/step-up': { body: () => ({ password }) },
  'POST /session/organisation': {
    rows: { partnerId: organisation },
    body: ({ partnerId }) => ({ partnerId }),
  },
  // Nobody has signed in through a provider of theirs.
  'POST /session/step-up/sso': { body: () => ({}), status: 409 },
  'DELETE /sessions': {},
  'DELETE /sessions/:id': { rows: { id: session } },

  'POST /password': { body: () => ({ current: password, next: `another ${newId()}` }) },
  'POST /totp': { proof: true },
  // There is none yet, for all three of them.
  'POST /totp/confirm': { body: () => ({ code: '123456' }), status: 409, proof: true },
  'POST /totp/recovery-codes': { status: 409, proof: true },
  'DELETE /totp': { proof: true },

  'POST /passkeys/options': { proof: true },
  'POST /passkeys': { body: () => ({ name: 'Phone', answer: registration }), proof: true, ...madeUp },
  'DELETE /passkeys/:id': { rows: { id: passkey }, proof: true },
  'POST /session/passkey/options': {},
  'POST /session/passkey': { body: () => ({ attempt: 'made up', answer: assertion }), ...madeUp },
  'POST /session/second-passkey/options': { body: () => ({ ticket: 'made up' }), ...noTicket },
  'POST /session/second-passkey': { body: () => ({ ticket: 'made up', answer: assertion }), ...noTicket },
  // The person has no passkey to prove it with.
  'POST /session/step-up/passkey/options': { status: 409 },
  'POST /session/step-up/passkey': { body: () => ({ answer: assertion }), ...madeUp },

  'GET /invitations/:token': { rows: { token: invitation } },
  'POST /invitations/:token': {
    rows: { token: invitation },
    body: () => ({ name: 'Ada', password: `another ${newId()}` }),
  },

  'POST /recovery': { body: (_, { email }) => ({ email }), status: 202 },
  'POST /recovery/:token': {
    rows: { token: recoveryLink },
    body: () => ({ password: `another ${newId()}` }),
  },
  'POST /new-address': { body: () => ({ email: `${newId()}@new.example` }), status: 202, proof: true },
  'DELETE /new-address': { given: (stage, someone) => addressLink.make(stage, someone, {}) },
  'POST /new-address/:token': { rows: { token: addressLink } },

  'GET /sso': { query: () => ({ email: 'ada@nowhere.example' }) },
  // Its OpenID provider does not answer; which of the two it was is not said.
  'POST /sso': {
    rows: { providerId: openId },
    body: ({ providerId }) => ({ providerId }),
    status: 401,
    absentStatus: 401,
  },
  // Nobody has left for it.
  'GET /sso/:providerId/callback': { rows: { providerId: openId }, status: 401, absentStatus: 401 },
}
