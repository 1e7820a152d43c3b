/** What the governance area brings to the program. */
import { auditRoutes } from '#/governance/audit/routes.ts'
import type { AuditRouteDeps } from '#/governance/audit/routes.ts'
import type { Route } from '#/kernel/http/http.ts'

export function governanceRoutes(deps: AuditRouteDeps): Route[] {
  return [...auditRoutes(deps)]
}
