/** `npm run portico -- key …`: keys from a shell, for the platform team. Against DATABASE_URL, else the embedded database. */

import { parseArgs } from 'node:util'
import { createApplication, listApplications } from '../../server/identity/applications/applications.ts'
import type { Application, Environment } from '../../server/identity/applications/applications.ts'
import { createKey, listKeys, ownerOfKey, parseKey, revokeKey } from '../../server/identity/keys/keys.ts'
import type { Key } from '../../server/identity/keys/keys.ts'
import { findPartner, findPartnerBySlug } from '../../server/identity/partners/partners.ts'
import type { Partner } from '../../server/identity/partners/partners.ts'
import { transact } from '../../server/kernel/db/db.ts'
import type { Tx } from '../../server/kernel/db/db.ts'
import { parseId, publicId } from '../../server/kernel/id/id.ts'
import { table } from '../commands.ts'
import { inInstallation, sentenceOf } from './installation.ts'

type Work = (tx: Tx) => Promise<string>

/** Exit code; null: the arguments are not of its form. */
type Run = (args: readonly string[]) => Promise<number | null>

export const keyCommands: Readonly<
  Record<string, { readonly usage: string; readonly about: string; readonly run: Run }>
> = {
  'key list': {
    usage: 'key list PARTNER',
    about: 'show the keys of a partner (short name or ptn_…) and what has become of them',
    run: (args) => answer(args, {}, 1, ([partner]) => list(partner)),
  },
  'key create': {
    usage: 'key create PARTNER --environment live|sandbox [--application NAME] [--label TEXT] [--days N]',
    about: 'make a key and show it, once; an application that is named and does not exist is made',
    run: (args) => answer(args, creation, 1, ([partner], options) => create(partner, options)),
  },
  'key revoke': {
    usage: 'key revoke KEY_ID|KEY [--reason TEXT]',
    about: 'end a key, by its id or, when it has leaked, by its text; gateways refuse it within a second',
    run: (args) => answer(args, { reason: { type: 'string' } }, 1, ([key], options) => revoke(key, options)),
  },
}

const creation = {
  environment: { type: 'string' },
  application: { type: 'string' },
  label: { type: 'string' },
  days: { type: 'string' },
} as const

type Options = Readonly<Record<string, string | undefined>>

/** Null from `prepare`, and arguments that cannot be parsed, are wrong usage. */
async function answer(
  args: readonly string[],
  options: Readonly<Record<string, { type: 'string' }>>,
  count: number,
  prepare: (positionals: readonly string[], options: Options) => Work | null,
): Promise<number | null> {
  const parsed = parse(args, options)
  if (parsed === null || parsed.positionals.length !== count) return null
  const work = prepare(parsed.positionals, parsed.values)
  if (work === null) return null
  try {
    process.stdout.write(`${await inTransaction(work)}\n`)
    return 0
  } catch (error) {
    process.stderr.write(`portico: ${sentenceOf(error)}\n`)
    return 1
  }
}

function inTransaction(work: Work): Promise<string> {
  return inInstallation((database) =>
    transact(database.control, { kind: 'system', name: 'command line' }, work),
  )
}

function parse(args: readonly string[], options: Readonly<Record<string, { type: 'string' }>>) {
  try {
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true })
    return { positionals, values: values as Options }
  } catch {
    return null
  }
}

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
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) return null
  const expiresAt = days === undefined ? null : new Date(Date.now() + Number(days) * 86_400_000)
  return async (tx) => {
    const partner = await partnerOf(tx, name)
    const { id, name: called } = await applicationOf(tx, partner, environment, application)
    const created = await createKey(tx, partner.id, id, { label, expiresAt })
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

function revoke(key: string | undefined, { reason = 'Revoked on the command line' }: Options): Work | null {
  if (!key) return null
  const id = parseId('key', key)
  return async (tx) => {
    // Not repeated in the message: what was mistyped may still be most of a secret.
    if (id === null && !parseKey(key).ok)
      throw new Error('this is neither the id of a key (key_…) nor a whole key')
    const owner = await ownerOfKey(tx, id === null ? { text: key } : { id })
    const revoked = await revokeKey(tx, owner.partnerId, owner.id, reason)
    const at = revoked.revokedAt?.toISOString() ?? ''
    return `${publicId('key', revoked.id)} (…${revoked.lastFour}) is revoked since ${at}: ${revoked.revokedReason}`
  }
}

async function partnerOf(tx: Tx, name: string): Promise<Partner> {
  const id = parseId('ptn', name)
  const found = id === null ? await findPartnerBySlug(tx, name) : await findPartner(tx, id)
  if (!found) throw new Error(`there is no partner ${name}`)
  return found
}
