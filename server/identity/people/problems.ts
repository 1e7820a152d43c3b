/** What can be refused about people. */
import { problem } from '#/kernel/problem/problem.ts'

export const emailInvalid = problem('people.email_invalid', 422, 'This is not an e-mail address', {
  help: 'Write it as `name@example.com`, without a name or brackets around it.',
})
export const emailTaken = problem('people.email_taken', 409, 'The e-mail address belongs to somebody', {
  help: 'A person with this address exists. Add that person to the organisation instead of creating a second one.',
})
export const personNotFound = problem('people.not_found', 404, 'There is no such person', {
  help: 'No person has this id, or the person has been erased.',
})
export const memberNotFound = problem('people.member_not_found', 404, 'There is no such member', {
  help: 'Nobody with this id belongs to the organisation. Check it against the list of members.',
})
export const alreadyMember = problem('people.already_member', 409, 'The person is a member already', {
  help: 'The person belongs to the organisation. Change the role instead.',
})
export const lastOwner = problem('people.last_owner', 409, 'This is the only owner', {
  help: 'An organisation has at least one owner. Make another member an owner first, then try again.',
})
export const ownersOnly = problem('people.owners_only', 403, 'Only an owner may do this', {
  help: 'Owners are made, changed and removed by owners. Ask an owner of the organisation.',
})
export const beyondOwnRole = problem('people.beyond_own_role', 403, 'The role may more than yours', {
  help: 'Nobody gives, changes or takes a role that holds a permission they lack themselves, or a service key in such a role. Ask an administrator.',
})
export const ownRole = problem('people.own_role', 403, 'Nobody changes their own role', {
  help: 'Ask another operator who manages operators.',
})
export const operatorNotFound = problem('people.operator_not_found', 404, 'There is no such operator', {
  help: 'Nobody with this id is an operator. Check it against the list of operators.',
})
export const alreadyOperator = problem('people.already_operator', 409, 'The person is an operator already', {
  help: 'The person is an operator. Change the role instead.',
})
export const lastAdmin = problem('people.last_admin', 409, 'This is the only administrator', {
  help: 'Somebody must be able to manage operators. Make another operator an administrator first, then try again.',
})
export const ownOrganisation = problem('people.own_organisation', 403, 'You belong to this organisation', {
  help: 'Somebody of the provider who is a member of a partner as well gives that partner nothing and signs nothing with it. Leave it to a colleague.',
})
