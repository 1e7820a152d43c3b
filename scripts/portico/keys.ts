/** `npm run portico -- key …`: keys from a shell, for the platform team. Against DATABASE_URL, else the embedded database. */

import { createApplication, listApplications } from '../../server/identity/applications/applications.ts'
import type { Application, Environment } from '../../server/identity/applications/applications.ts'
import {
  createKey,
  listKeys,
  ownerOfKey,
  parseKey,
  revokeKey,
  revokeLeaked,
} from '../../server/identity/keys/keys.ts'
import type { Key } from '../../server/identity/keys/keys.ts'
import { findPartner, findPartnerBySlug } from '../../server/identity/partners/partners.ts'
import type { Partner } from '../../server/identity/partners/partners.ts'
import type { Tx } from '../../server/kernel/db/db.ts'
import { parseId, publicId } from '../../server/kernel/id/id.ts'
import { table } from '../commands.ts'
import { answer, daysFromNow } from './answer.ts'
import type { Command, Options, Work } from './answer.ts'

const text = { type: 'string' } as const

export const keyCommands: Readonly<Record<string, Command>> = {
  'key list': {
    usage: 'key list PARTNER',
    about: 'show the keys of a partner (short name or ptn_…) and what has become of them',
    run: (args) => answer(args, { arguments: [1, 1], changes: false }, ([partner]) => list(partner)),
  },
  'key create': {
    usage: 'key create PARTNER --environment live|sandbox [--application NAME] [--label TEXT] [--days N]',
    about: 'make a key and show it, once; an application that is named and does not exist is made',
    run: (args) =>
      answer(args, { options: creation, arguments: [1, 1], changes: true }, ([partner], options) =>
        create(partner, options),
      ),
  },
  'key revoke': {
    usage: 'key revoke KEY_ID|KEY|--fingerprint SHA256 [--reason TEXT]',
    about:
      'end a key, by its id or, when it has leaked, by its text or the SHA-256 of it; gateways refuse it within a second',
    run: (args) =>
      answer(args, { options: revocation, arguments: [0, 1], changes: true }, ([key], options) =>
        revoke(key, options),
      ),
  },
}

const creation = { environment: text, application: text, label: text, days: text } as const
const revocation = { fingerprint: text, reason: text } as const

function list(name: string | undefined): Work | null {
  if (!name) return null
  return async (tx) => {
    const partner = await partnerOf(tx, name)
    const keys = await listKeys(tx, partner.id)
    if (keys.length === 0) return `${partner.name} has no key yet.`
    const rows = keys.map((key) => [
      publicId('key', key.id),
      `…${key.lastFour}`,
      key.application.environment,
      key.application.name,
      key.label,
      stateOf(key),
    ])
    return table([['id', 'ends in', 'environment', 'application', 'label', 'state'], ...rows])
  }
}

function stateOf(key: Key): string {
  if (key.revokedAt) return `revoked ${key.revokedAt.toISOString()} (${key.revokedReason})`
  if (key.expiresAt === null) return 'active'
  const until = key.expiresAt.toISOString()
  return key.expiresAt.getTime() > Date.now() ? `active until ${until}` : `expired ${until}`
}

function create(name: string | undefined, options: Options): Work | null {
  const { environment, application, label = 'Made on the command line', days } = options
  if (!name || (environment !== 'live' && environment !== 'sandbox')) return null
  const expiry = daysFromNow(days)
  if (expiry === null) return null
  return async (tx) => {
    const partner = await partnerOf(tx, name)
    const { id, name: called } = await applicationOf(tx, partner, environment, application)
    const created = await createKey(tx, partner.id, id, { label, expiresAt: expiry.at })
    const about = `${publicId('key', created.id)} of ${partner.name}, application ${called} (${environment}).`
    return `${created.key}\n${about} It is not shown again.`
  }
}

async function applicationOf(
  tx: Tx,
  partner: Partner,
  environment: Environment,
  name: string | undefined,
): Promise<Application> {
  const all = await listApplications(tx, partner.id)
  const found = all.filter(
    (each) => each.environment === environment && (name === undefined || each.name === name),
  )
  if (found.length === 1) return found[0]!
  if (name !== undefined) return createApplication(tx, partner.id, { environment, name })
  if (found.length === 0)
    throw new Error(`${partner.name} has no ${environment} application; name one with --application`)
  const names = found.map((each) => each.name).join(', ')
  throw new Error(
    `${partner.name} has several ${environment} applications (${names}); say which with --application`,
  )
}

function revoke(key: string | undefined, options: Options): Work | null {
  const { fingerprint, reason = 'Revoked on the command line' } = options
  if ((key === undefined) === (fingerprint === undefined)) return null
  if (fingerprint !== undefined && !/^[0-9a-f]{64}$/i.test(fingerprint)) return null
  return async (tx) => {
    const revoked =
      key === undefined
        ? await revokeLeaked(tx, { fingerprint: fingerprint!.toLowerCase() }, reason)
        : await revokeGiven(tx, key, reason)
    const at = revoked.revokedAt?.toISOString() ?? ''
    return `${publicId('key', revoked.id)} (…${revoked.lastFour}) is revoked since ${at}: ${revoked.revokedReason}`
  }
}

/** By its id, or, leaked, by its text. */
async function revokeGiven(tx: Tx, key: string, reason: string): Promise<Key> {
  const id = parseId('key', key)
  if (id !== null) return revokeKey(tx, (await ownerOfKey(tx, { id })).partnerId, id, reason)
  // Not repeated in the message: what was mistyped may still be most of a secret.
  if (!parseKey(key).ok) throw new Error('this is neither the id of a key (key_…) nor a whole key')
  return revokeLeaked(tx, { text: key }, reason)
}

async function partnerOf(tx: Tx, name: string): Promise<Partner> {
  const id = parseId('ptn', name)
  const found = id === null ? await findPartnerBySlug(tx, name) : await findPartner(tx, id)
  if (!found) throw new Error(`there is no partner ${name}`)
  return found
}
