/** The wiring of people: the two doors they come in by, and what stands behind each. */
import { packageOf } from '#/access/packages/packages.ts'
import type { Anchor } from '#/governance/audit/audit.ts'
import { governanceRoutes } from '#/governance/governance.ts'
import { accountRoutes, createSessionGuard, operatorSessions } from '#/identity/account/account.ts'
import type { Surface } from '#/identity/account/account.ts'
import { createAdminGuard } from '#/identity/guard/guard.ts'
import { identityRoutes } from '#/identity/identity.ts'
import { createLockout } from '#/identity/lockout/lockout.ts'
import { createPasswords } from '#/identity/passwords/passwords.ts'
import { createSessions } from '#/identity/sessions/sessions.ts'
import { seedDemoPeople } from '#/identity/sign-in/sign-in.ts'
import type { DemoCredentials } from '#/identity/sign-in/sign-in.ts'
import type { Clock } from '#/kernel/clock/clock.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Database } from '#/kernel/db/db.ts'
import { createHttp } from '#/kernel/http/http.ts'
import type { Http, Route } from '#/kernel/http/http.ts'
import type { Log } from '#/kernel/log/log.ts'
import type { Applied } from '#/publish/declaration/declaration.ts'

export type DemoPeople = {
  readonly operator: DemoCredentials
  /** By the id of the partner. */
  readonly members: ReadonlyMap<string, DemoCredentials>
}

export type Surfaces = { readonly portal: Surface; readonly console: Surface }

type Addresses = { readonly publicUrl: string; readonly adminUrl: string }

export function createSurfaces(
  options: Addresses & { readonly database: Database; readonly sealer: Sealer; readonly provider: string },
): Surfaces {
  const { database, sealer, provider, publicUrl, adminUrl } = options
  // What proves a person, with the defaults of each part.
  const deps = {
    world: database.control,
    sealer,
    passwords: createPasswords({ sealer }),
    sessions: createSessions({ sealer }),
    lockout: createLockout({ sealer }),
  }
  return {
    portal: { deps, provider, realm: 'portal', prefix: '/portal/api', origin: () => publicUrl },
    console: { deps, provider, realm: 'console', prefix: '/v1', origin: () => adminUrl },
  }
}

/** The demo's people; those who are there already stay as they are. */
export async function seedPeople(portal: Surface, database: Database, applied: Applied): Promise<DemoPeople> {
  const operator = { email: 'operator@solstice.example', name: 'Solstice Operations', partnerId: null }
  const owners = applied.partners.map(({ id, slug, name }) => ({
    email: `owner@${slug}.example`,
    name: `${name} Owner`,
    partnerId: id,
  }))
  const [first, ...members] = await seedDemoPeople(portal.deps, database.demoSecret, [operator, ...owners])
  if (!first) throw new Error('the demo has no operator')
  return { operator: first, members: new Map(owners.map(({ partnerId }, i) => [partnerId, members[i]!])) }
}

type Behind = Addresses & {
  readonly log: Log
  readonly database: Database
  readonly surfaces: Surfaces
  /** What stands there besides. */
  readonly routes: readonly Route[]
}

/** The public port, as far as it is no operation. */
export function createPortal({ log, publicUrl, database, surfaces, routes }: Behind): Promise<Http> {
  return createHttp({
    log,
    base: () => publicUrl,
    guard: createSessionGuard(surfaces.portal),
    world: database.control,
    routes: [...routes, ...accountRoutes(surfaces.portal)],
  })
}

type AdminParts = Behind & {
  readonly sealer: Sealer
  readonly clock: Clock
  readonly anchor: Anchor
  readonly provider: string
}

/** The admin port: the management API behind its guard, and the session API of operators. */
export function createAdmin(parts: AdminParts): Promise<Http> {
  const { log, publicUrl, adminUrl, database, surfaces } = parts
  const pages = {
    member: `${publicUrl}/portal/invitations`,
    operator: `${adminUrl}/console/invitations`,
  }
  return createHttp({
    log,
    base: () => publicUrl,
    guard: createAdminGuard({ database, sessions: operatorSessions(surfaces.console) }),
    world: database.control,
    routes: [
      ...parts.routes,
      ...accountRoutes(surfaces.console),
      ...identityRoutes({ ...parts, pages, packageOf }),
      ...governanceRoutes({ ...parts, actions: {} }),
    ],
  })
}
