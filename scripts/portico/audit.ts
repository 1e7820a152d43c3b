/** `npm run portico -- audit verify`: is the audit still what was written? Against DATABASE_URL, else the embedded database. */

import { createAnchor, verifyAudit } from '../../server/governance/audit/audit.ts'
import type { Head, Verified } from '../../server/governance/audit/audit.ts'
import { createSealer } from '../../server/kernel/crypto/crypto.ts'
import { transact } from '../../server/kernel/db/db.ts'
import { inInstallation, keyInUse, sentenceOf } from './installation.ts'

export const auditCommands = {
  'audit verify': {
    usage: 'audit verify [--since POSITION:HASH]',
    about: 'find lines of the audit that were changed, removed, put in or moved; exits 1 and names them',
    run: verify,
  },
} as const

/** `--since` is what an earlier run printed as the end of the chain: kept elsewhere, it shows that nothing was cut off. */
async function verify(args: readonly string[]): Promise<number | null> {
  const since = args.length === 0 ? null : parseEnd(args)
  if (since === undefined) return null
  try {
    const found = await inInstallation(async (database, config) => {
      const sealer = createSealer(keyInUse(config))
      const anchor = createAnchor(config.data, sealer).read()
      const known = [anchor, since].filter((head) => head !== null)
      return transact(database.control, { kind: 'system', name: 'command line' }, (tx) =>
        verifyAudit(tx, sealer, known),
      )
    })
    process.stdout.write(report(found))
    return found.findings.length === 0 ? 0 : 1
  } catch (error) {
    process.stderr.write(`portico: ${sentenceOf(error)}\n`)
    return 1
  }
}

function parseEnd(args: readonly string[]): Head | undefined {
  const [, position, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(args[1] ?? '') ?? []
  if (args[0] !== '--since' || args.length !== 2 || !position || !hash) return undefined
  return { position: Number(position), hash: Buffer.from(hash, 'hex') }
}

function report({ head, waiting, findings, complete }: Verified): string {
  const lines = findings.map(({ text }) => text)
  if (!complete) lines.push('There is more; these are the first.')
  if (findings.length > 0) return `${lines.join('\n')}\nThe audit is NOT what was written.\n`
  const on = waiting === 0 ? '' : `; ${waiting} more wait to be sealed`
  const end = head ? `Its end is ${head.position}:${head.hash.toString('hex')}\n` : ''
  return `The audit is what was written: ${head?.position ?? 0} lines are sealed${on}.\n${end}`
}
