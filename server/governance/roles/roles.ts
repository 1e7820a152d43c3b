/**
 * Who may do what: closed lists of roles and permissions, and which goes with which. A permission is `thing:verb`;
 * `read` looks, everything else changes. Routes name one, and the matrix in the reference is made from here.
 */

/** A person of the provider. */
export const operatorRoles = ['admin', 'partner-manager', 'finance', 'support', 'auditor'] as const

/** A service of the provider by its key: as people, or for nothing but asking for decisions, which no person needs. */
export const serviceRoles = [...operatorRoles, 'service'] as const

/** A person of a partner. */
export const memberRoles = ['owner', 'admin', 'developer', 'finance', 'viewer'] as const

export type OperatorRole = (typeof operatorRoles)[number]
export type ServiceRole = (typeof serviceRoles)[number]
export type MemberRole = (typeof memberRoles)[number]

/** Each with a sentence for the reference: what it lets one do. */
export const operatorPermissions = {
  'partners:read':
    'See partners with their members, applications, onboarding facts and keys (never the text of a key).',
  'partners:write':
    'Create partners, change their facts, invite their first owner, suspend and resume them and their applications.',
  'keys:write': "Revoke a partner's key, also by the fingerprint of a leaked one.",
  'usage:read': 'See what partners used.',
  'operators:read': 'See the people of the provider and their roles.',
  'operators:write': 'Invite people of the provider, give and take roles, end their sessions.',
  'service-keys:read': "See the service keys of the provider's own services.",
  'service-keys:write': 'Create, rotate and revoke service keys.',
  'sso:read': "See the provider's single sign-on.",
  'sso:write': "Set up the provider's single sign-on.",
  'proposals:read': 'See what waits for a second person, and what became of it.',
  'proposals:decide':
    'Approve or decline what somebody else proposed; the permission of the proposed action is needed as well.',
  'audit:read': 'Search the audit and export it.',
  'access:read':
    'See capabilities, readiness, packages, rollouts, pilots, access requests, and why a decision is what it is.',
  'access:write':
    'Change packages, exposure, evidence, rollouts and pilots, and give or take access; decide access requests.',
  'agreements:read': 'See agreements with their terms and signatures.',
  'agreements:write': 'Draft, send, record the signature of, amend and end agreements.',
  'decisions:make': 'Ask for access decisions and flags, for services that call Portico beside their API.',
} as const

export const memberPermissions = {
  'team:read': 'See the members of the organisation and their roles.',
  'team:write': 'Invite members, change their roles and remove them, owners apart.',
  'owners:write': 'Make somebody an owner, and end it.',
  'applications:read': 'See the applications.',
  'applications:write': 'Create, rename and archive applications.',
  'keys:read': 'See API keys (never the text of a key) and when they were last used.',
  'keys:write': 'Create, restrict, rotate and revoke API keys.',
  'profile:read': 'See the facts of the organisation: legal name, addresses, tax ids, contacts.',
  'profile:write': 'Change the facts of the organisation.',
  'usage:read': 'See what was used.',
  'sso:read': "See the organisation's single sign-on.",
  'sso:write': "Set up the organisation's single sign-on.",
  'audit:read': "See the organisation's own lines of the audit.",
  'access:read': 'See what the organisation may call, what it could ask for, and why not.',
  'access:write': 'Ask for access, answer questions about it, join the waitlist of a pilot.',
} as const

export type OperatorPermission = keyof typeof operatorPermissions
export type MemberPermission = keyof typeof memberPermissions

type ReadOnly<P extends string> = Extract<P, `${string}:read`>

function keysOf<P extends string>(permissions: Readonly<Record<P, string>>): P[] {
  return Object.keys(permissions) as P[]
}

function readsOf<P extends string>(permissions: Readonly<Record<P, string>>): ReadOnly<P>[] {
  return keysOf(permissions).filter((name): name is ReadOnly<P> => name.endsWith(':read'))
}

type Grants<Role extends string, P extends string, Reader extends Role> = {
  readonly [R in Role]: readonly (R extends Reader ? ReadOnly<P> : P)[]
}

/** The auditor sees everything and changes nothing: the type refuses anything else. */
const operatorGrants: Grants<ServiceRole, OperatorPermission, 'auditor'> = {
  admin: keysOf(operatorPermissions),
  'partner-manager': [
    'partners:read',
    'partners:write',
    'keys:write',
    'usage:read',
    'proposals:read',
    'proposals:decide',
    'audit:read',
    'access:read',
    'access:write',
    'agreements:read',
    'agreements:write',
    'decisions:make',
  ],
  finance: [
    'partners:read',
    'usage:read',
    'proposals:read',
    'proposals:decide',
    'access:read',
    'agreements:read',
    'agreements:write',
  ],
  support: ['partners:read', 'keys:write', 'usage:read', 'access:read', 'decisions:make'],
  auditor: readsOf(operatorPermissions),
  service: ['decisions:make'],
}

/** The facts of the organisation and its audit hold more of people than a viewer needs. */
const memberGrants: Grants<MemberRole, MemberPermission, 'viewer'> = {
  owner: keysOf(memberPermissions),
  admin: keysOf(memberPermissions).filter((name) => name !== 'owners:write'),
  developer: [
    'team:read',
    'applications:read',
    'applications:write',
    'keys:read',
    'keys:write',
    'usage:read',
    'access:read',
    'access:write',
  ],
  finance: ['team:read', 'access:read', 'profile:read', 'profile:write', 'usage:read'],
  viewer: ['team:read', 'applications:read', 'keys:read', 'usage:read', 'access:read'],
}

export type Side = 'operator' | 'member'

/** By role, then permission: asked at every call of a session, so a look-up and not a search. */
const granted: Readonly<Record<Side, ReadonlyMap<string, ReadonlySet<string>>>> = {
  operator: setsOf(operatorGrants),
  member: setsOf(memberGrants),
}

function setsOf(grants: Readonly<Record<string, readonly string[]>>): Map<string, Set<string>> {
  return new Map(Object.entries(grants).map(([role, names]) => [role, new Set(names)]))
}

/** May this role do this? A role or a permission that does not exist may nothing. */
export function allows(side: Side, role: string, permission: string): boolean {
  return granted[side].get(role)?.has(permission) ?? false
}

/** Does the one role hold every permission of the other? Who gives a role, or a key in it, gives no more than they have. */
export function covers(side: Side, role: string, other: string): boolean {
  const held = granted[side].get(role)
  const wanted = granted[side].get(other)
  return held !== undefined && wanted !== undefined && wanted.isSubsetOf(held)
}

export function isOperatorRole(text: string): text is OperatorRole {
  return operatorRoles.some((role) => role === text)
}

export function isServiceRole(text: string): text is ServiceRole {
  return granted.operator.has(text)
}

export function isMemberRole(text: string): text is MemberRole {
  return granted.member.has(text)
}

/** Does the permission exist on this side? For the check that every route names one that does. */
export function isPermission(side: Side, text: string): boolean {
  return Object.hasOwn(side === 'operator' ? operatorPermissions : memberPermissions, text)
}

/** The matrix of role and permission as a page in Markdown, without its head. */
export function permissionsPage(): string {
  return `# Roles and permissions

A route names the permission it needs, and a role brings some of them. \`read\` looks and changes nothing; every other
verb changes something.

## Operators

People of the provider, on the admin side. A service key carries one of these roles as well; \`service\` is for keys alone.

${matrix('operator', serviceRoles, operatorPermissions)}

## Members

People of a partner, in the portal and in the Partner API; each sees their own organisation only.

${matrix('member', memberRoles, memberPermissions)}
`
}

function matrix(side: Side, roles: readonly string[], permissions: Readonly<Record<string, string>>): string {
  const rows = Object.entries(permissions).map(([name, sentence]) => {
    const marks = roles.map((role) => (allows(side, role, name) ? 'yes' : '–'))
    return `| \`${name}\` | ${marks.join(' | ')} | ${sentence} |`
  })
  return [
    `| permission | ${roles.join(' | ')} | what it lets one do |`,
    `| --- |${' :-: |'.repeat(roles.length)} --- |`,
    ...rows,
  ].join('\n')
}
