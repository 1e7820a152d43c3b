/** Everything in the repository that a program writes: which file, and what makes its text. */

import { adminApi, partnerApi } from './contracts.ts'
import type { Generator } from './drift.ts'
import {
  configurationReference,
  decisionsReference,
  permissionsReference,
  problemsReference,
} from './references.ts'

export const generators: readonly Generator[] = [
  { file: 'contracts/admin-api.openapi.json', make: adminApi },
  { file: 'contracts/partner-api.openapi.json', make: partnerApi },
  { file: 'docs/reference/configuration.md', make: configurationReference },
  { file: 'docs/reference/decisions.md', make: decisionsReference },
  { file: 'docs/reference/permissions.md', make: permissionsReference },
  { file: 'docs/reference/problems.md', make: problemsReference },
]
