/** What rollouts refuse. */
import { problem } from '#/kernel/problem/problem.ts'

export const rolloutInvalid = problem('rollouts.invalid', 422, 'This is no rollout', {
  help: 'A rollout is off, on, a percentage with at most two decimals, or a cohort of named partners (at most 1,000) or a rule on attributes, of at most 50 conditions nested at most 5 deep.',
})
export const scheduleInvalid = problem('rollouts.bad_schedule', 422, 'This is no schedule', {
  help: 'The steps of a schedule lie in the future, each later than the one before, and none says what an earlier one said: a schedule goes one way.',
})
export const nothingBefore = problem('rollouts.nothing_before', 409, 'There is nothing to go back to', {
  help: 'The rollout is the first one that was in force. Set it to what you want instead.',
})
export const attributesInvalid = problem('rollouts.bad_attributes', 422, 'These are no attributes', {
  help: 'A partner has at most 50 attributes. A name is a short name of lower-case letters, digits and hyphens, a value has 1 to 200 characters. `package` and `slug` are there by themselves and cannot be set.',
})
