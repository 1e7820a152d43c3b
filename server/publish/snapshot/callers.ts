/**
 * Who calls: applications by id, and keys by the digest of their text. A key stays the line it was read as until its
 * first call: of 300,000 keys most do not call, and an object for each is what a start would wait for.
 */
import type { Application, Credential } from '#/gateway/gateway.ts'
import { networkCheck } from '#/identity/keys/keys.ts'
import { digestIn, keyIn } from '#/publish/snapshot/store.ts'
import type { ApplicationRow } from '#/publish/snapshot/store.ts'

export type Callers = {
  readonly credential: (digest: string) => Credential | undefined
  application(id: string): Application | undefined
  putApplications(rows: readonly ApplicationRow[]): void
  /** As lines. Their applications are in it. */
  putKeys(lines: readonly string[]): void
}

/** `wall`: milliseconds. */
export function createCallers(wall: () => number): Callers {
  const keys = new Map<string, Credential | string>()
  const applications = new Map<string, Application>()
  /** When keys were read last. By the time of its first call a key that was read as revoked would not be yet. */
  let readAt = 0

  return {
    credential(digest) {
      const known = keys.get(digest)
      if (typeof known !== 'string') return known
      const credential = credentialIn(known, applications, readAt)
      keys.set(digest, credential)
      return credential
    },
    application: (id) => applications.get(id),
    putApplications(rows) {
      for (const row of rows) applications.set(row.id, row)
    },
    putKeys(lines) {
      readAt = wall()
      for (const line of lines) keys.set(digestIn(line), line)
    },
  }
}

function credentialIn(
  line: string,
  applications: ReadonlyMap<string, Application>,
  readAt: number,
): Credential {
  const row = keyIn(line)
  const application = applications.get(row.applicationId)
  if (!application) throw new Error(`the application ${row.applicationId} of a key is not in the snapshot`)
  // A revocation is never in the future, whatever the clock of the database's machine says.
  const revokedAt = row.revokedAt === null ? null : Math.min(row.revokedAt, readAt)
  return {
    id: row.id,
    application,
    expiresAt: row.expiresAt,
    revokedAt,
    scopes: row.scopes === null ? null : sharedScopes(row.scopes),
    usableFrom: row.networks === null ? null : networkCheck(row.networks),
    member: null,
  }
}

/** Keys with the same scopes, and most have a few usual ones, share one set. */
const scopeSets = new Map<string, ReadonlySet<string>>()

function sharedScopes(scopes: readonly string[]): ReadonlySet<string> {
  const name = scopes.toSorted().join(' ')
  let set = scopeSets.get(name)
  if (set === undefined) scopeSets.set(name, (set = new Set(scopes)))
  return set
}
