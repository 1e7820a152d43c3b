/** The lists are closed, and those who only look cannot change anything. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allows,
  covers,
  isMemberRole,
  isOperatorRole,
  isServiceRole,
  isPermission,
  memberPermissions,
  memberRoles,
  operatorPermissions,
  serviceRoles,
  permissionsPage,
} from '#/governance/roles/roles.ts'

const operatorNames = Object.keys(operatorPermissions)
const memberNames = Object.keys(memberPermissions)
const isRead = (name: string) => name.endsWith(':read')

test('an auditor may everything that looks, and nothing that changes', () => {
  assert.deepEqual(
    operatorNames.filter((name) => allows('operator', 'auditor', name)),
    operatorNames.filter(isRead),
  )
})

test('a viewer may nothing that changes', () => {
  const allowed = memberNames.filter((name) => allows('member', 'viewer', name))
  assert.ok(allowed.length > 0)
  assert.deepEqual(allowed.filter(isRead), allowed)
})

test('an admin of the provider and an owner of a partner may everything on their side', () => {
  for (const name of operatorNames) assert.ok(allows('operator', 'admin', name), name)
  for (const name of memberNames) assert.ok(allows('member', 'owner', name), name)
})

test('only an owner makes owners', () => {
  assert.deepEqual(
    memberRoles.filter((role) => allows('member', role, 'owners:write')),
    ['owner'],
  )
})

test('only an admin hands out roles and service keys', () => {
  for (const name of ['operators:write', 'service-keys:write', 'sso:write']) {
    assert.deepEqual(
      serviceRoles.filter((role) => allows('operator', role, name)),
      ['admin'],
    )
  }
})

test('whoever may change a thing may see it', () => {
  const sides = [
    ['operator', serviceRoles, operatorNames],
    ['member', memberRoles, memberNames],
  ] as const
  for (const [side, roles, names] of sides) {
    for (const role of roles) {
      for (const name of names.filter((one) => allows(side, role, one))) {
        const read = `${name.split(':')[0] ?? ''}:read`
        if (names.includes(read)) assert.ok(allows(side, role, read), `${side} ${role} ${name}`)
      }
    }
  }
})

test('what is not on the lists may nothing', () => {
  for (const strange of ['', 'Admin', 'root', 'constructor', '__proto__', 'toString', 'owner']) {
    assert.equal(allows('operator', strange, 'partners:read'), false)
    assert.equal(isOperatorRole(strange), false)
    assert.equal(isServiceRole(strange), false)
  }
  assert.deepEqual([isOperatorRole('service'), isServiceRole('service')], [false, true])
  for (const strange of ['', 'partners', 'constructor', '__proto__', 'public', 'team:read']) {
    assert.equal(allows('operator', 'admin', strange), false)
    assert.equal(isPermission('operator', strange), false)
  }
  assert.equal(allows('member', 'support', 'team:read'), false)
  assert.equal(isMemberRole('support'), false)
  assert.equal(isPermission('member', 'team:read'), true)
})

test('the page has a row for each permission, with a mark for each role', () => {
  const rows = permissionsPage()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  assert.equal(rows.length, operatorNames.length + memberNames.length)
  const widths = [
    ...operatorNames.map(() => serviceRoles.length),
    ...memberNames.map(() => memberRoles.length),
  ]
  assert.deepEqual(
    rows.map((row) => row.split('|').length - 4),
    widths,
  )
  assert.ok(rows.some((row) => row.startsWith('| `operators:write` | yes | – | – | – | – | – |')))
})

test('one role covers another exactly when it may all that the other may', () => {
  for (const role of serviceRoles) {
    assert.ok(covers('operator', 'admin', role))
    assert.ok(covers('operator', role, role))
    const all = Object.keys(operatorPermissions)
    const more = all.some(
      (name) => allows('operator', 'partner-manager', name) && !allows('operator', role, name),
    )
    assert.equal(covers('operator', role, 'partner-manager'), !more, role)
  }
  assert.ok(!covers('operator', 'partner-manager', 'admin'))
  assert.ok(!covers('operator', 'support', 'auditor'))
  assert.ok(!covers('operator', 'nobody', 'auditor'))
  assert.ok(!covers('operator', 'admin', 'owner'))
})
