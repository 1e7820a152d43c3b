/** `npm run portico -- service-key …`: the way into the management API before there is an operator who is signed in. */

import { isServiceRole, serviceRoles } from '../../server/governance/roles/roles.ts'
import {
  createServiceKey,
  listServiceKeys,
  revokeServiceKey,
} from '../../server/identity/service-keys/service-keys.ts'
import { parseId, publicId } from '../../server/kernel/id/id.ts'
import { table } from '../commands.ts'
import { answer, daysFromNow } from './answer.ts'
import type { Command, Options, Work } from './answer.ts'

const text = { type: 'string' } as const

export const serviceKeyCommands: Readonly<Record<string, Command>> = {
  'service-key list': {
    usage: 'service-key list',
    about: "show the keys of the provider's own services",
    run: (args) => answer(args, { arguments: [0, 0], changes: false }, list),
  },
  'service-key create': {
    usage: `service-key create --name NAME --role ${serviceRoles.join('|')} [--days N]`,
    about: 'make a key for the management API and show it, once',
    run: (args) =>
      answer(
        args,
        { options: { name: text, role: text, days: text }, arguments: [0, 0], changes: true },
        (_, options) => create(options),
      ),
  },
  'service-key revoke': {
    usage: 'service-key revoke KEY_ID [--reason TEXT]',
    about: 'end a service key: its next call is refused',
    run: (args) =>
      answer(args, { options: { reason: text }, arguments: [1, 1], changes: true }, ([id], options) =>
        revoke(id, options),
      ),
  },
}

function list(): Work {
  return async (tx) => {
    const keys = await listServiceKeys(tx)
    if (keys.length === 0) return 'There is no service key yet.'
    const when = (at: Date | null) => at?.toISOString() ?? '–'
    const rows = keys.map((key) => [
      publicId('svk', key.id),
      `…${key.lastFour}`,
      key.name,
      key.role,
      when(key.lastUsedAt),
      when(key.expiresAt),
      when(key.revokedAt),
    ])
    return table([['id', 'ends in', 'name', 'role', 'last used', 'expires', 'revoked'], ...rows])
  }
}

function create({ name, role, days }: Options): Work | null {
  const expiry = daysFromNow(days)
  if (!name?.trim() || name.length > 120 || role === undefined || !isServiceRole(role)) return null
  if (expiry === null) return null
  return async (tx) => {
    const created = await createServiceKey(tx, { name: name.trim(), role, expiresAt: expiry.at })
    return `${created.key}\n${publicId('svk', created.id)}, ${role}. It is not shown again.`
  }
}

function revoke(text: string | undefined, { reason = 'Revoked on the command line' }: Options): Work | null {
  const id = parseId('svk', text ?? '')
  if (id === null) return null
  return async (tx) => {
    const { revokedAt } = await revokeServiceKey(tx, id, reason)
    return `${publicId('svk', id)} is revoked since ${revokedAt?.toISOString() ?? ''}.`
  }
}
