/** The contracts of our own APIs, made from their routes and operations, so that they cannot fall behind them. */

import { accessOperations, accessRoutes, decisionRoutes } from '../server/access/access.ts'
import { governanceOperations, governanceRoutes } from '../server/governance/governance.ts'
import { identityOperations, identityRoutes } from '../server/identity/identity.ts'
import { partnerApiVersion, partnerDocument, routesDocument } from '../server/kernel/http/http.ts'
import { usageOperations } from '../server/usage/usage.ts'

const adminApiVersion = '1.0.0'

/** Routes are data; what they are handed is needed when one is called, which nobody does here. */
const nothing = {} as never

export async function adminApi(): Promise<string> {
  const head = {
    title: 'Management API',
    version: adminApiVersion,
    description:
      'What operators and services of the provider do on the admin port. `x-portico-permission` is what a role must bring.',
  }
  const routes = [
    ...identityRoutes(nothing),
    ...governanceRoutes(nothing),
    ...accessRoutes(nothing),
    ...decisionRoutes(nothing),
  ]
  return written(routesDocument(head, routes))
}

export async function partnerApi(): Promise<string> {
  const operations = [
    ...usageOperations(nothing),
    ...identityOperations(nothing),
    ...governanceOperations(nothing),
    ...accessOperations(nothing),
  ]
  return written(partnerDocument(partnerApiVersion, operations))
}

function written(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`
}
