/** The layout of the house as data; `tidy.test.ts` holds the code against it. */

/** Floors from the ground up. Imports go down a floor, or to a feature listed earlier in the same area. */
export const floors: readonly (readonly string[])[] = [
  ['kernel'],
  ['contracts', 'governance'],
  ['gateway', 'identity'],
  ['access', 'usage'],
  ['money', 'webhooks'],
  ['objects', 'operations', 'publish', 'sandbox'],
]

/** Features of an area in the order in which they may import each other (a later one an earlier one). */
export const features: Readonly<Record<string, readonly string[]>> = {
  kernel: [
    'id',
    'clock',
    'money',
    'problem',
    'crypto',
    'config',
    'log',
    'outbound',
    'telemetry',
    'process',
    'events',
    'db',
    'lines',
    'jobs',
    'http',
  ],
  contracts: ['validation', 'classification', 'compile', 'documents', 'published'],
  governance: ['roles', 'audit', 'proposals'],
  gateway: [],
  identity: [
    'partners',
    'applications',
    'people',
    'passwords',
    'totp',
    'passkeys',
    'sessions',
    'keys',
    'lockout',
    'notices',
    'sso',
    'sign-in',
    'recovery',
    'new-address',
    'invitations',
    'team',
    'service-keys',
    'profile',
    'account',
    'guard',
  ],
  access: [
    'history',
    'readiness',
    'capabilities',
    'packages',
    'rollouts',
    'pilots',
    'agreements',
    'requests',
    'entitlements',
    'decisions',
  ],
  usage: ['journal', 'ingest', 'rollups'],
  money: [],
  webhooks: [],
  objects: [],
  operations: ['health'],
  publish: ['declaration', 'snapshot'],
  sandbox: [],
}

/** See everyone; imported by no one. */
export const roof: readonly string[] = [
  'main.ts',
  'program.ts',
  'app.ts',
  'people.ts',
  'demo.ts',
  'welcome.ts',
]

/**
 * Files of a feature that its area's manifest gathers beside the door. They call the door's verbs, as any edge does, so
 * a door that named them would be in a circle with them.
 */
export const surfaces: readonly string[] = [
  'operations.ts',
  'routes.ts',
  'jobs.ts',
  'check.ts',
  'explain.ts',
  'ofrep.ts',
]

/** Upper bounds. A function in lines, a file in lines, a folder in files (tests, schema folders and generated files apart). */
export const sizes = { functionLines: 70, fileLines: 300, folderFiles: 12 } as const

export const forbiddenFolders: readonly string[] = ['utils', 'helpers', 'common', 'misc', 'lib', 'shared']
