/** What is refused about agreements. */
import { problem } from '#/kernel/problem/problem.ts'

export const agreementNotFound = problem('agreements.not_found', 404, 'There is no such agreement', {
  help: 'The partner has no agreement, or no version of it, of this kind. Check it against the list of its agreements.',
})
export const agreementReference = problem('agreements.reference_taken', 409, 'The reference is taken', {
  help: 'The partner has an agreement of this reference. Amend that one, or choose another reference.',
})
export const agreementTerms = problem('agreements.terms', 422, 'The agreement cannot say this', {
  help: 'Each entry of `errors` says which part cannot be: a capability that does not exist, an end before the start, a notice longer than the term, a price in another currency than the package, and the like.',
})
export const agreementOverlap = problem('agreements.overlap', 409, 'Another agreement is in force then', {
  help: 'The terms of a partner do not overlap. The detail names the other one: end it first, or begin when it has ended. An amendment begins after the version that it replaces.',
})
export const agreementState = problem('agreements.state', 409, 'The version is not in the state for this', {
  help: 'A draft is changed and sent, what was sent is signed, and neither when it was withdrawn. What was sent never changes: amend the agreement, or withdraw it and draft another.',
})
export const agreementOpen = problem('agreements.open_version', 409, 'The agreement has an open version', {
  help: 'One version at a time is drafted or sent. Have it signed, or withdraw it, before the next amendment.',
})
export const agreementOver = problem('agreements.over', 409, 'The agreement is over', {
  help: 'It has no version in force or to come, or ends no later than asked for. Draft a new agreement.',
})
