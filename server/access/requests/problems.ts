/** How requests for access are refused. */
import { problem } from '#/kernel/problem/problem.ts'

export const requestNotFound = problem('requests.not_found', 404, 'There is no such access request', {
  help: 'There is no access request with this id. Check it against the list of requests; a draft is seen by its partner only.',
})
export const requestUnknown = problem('requests.unknown', 422, 'There is nothing of this name to ask for', {
  help: 'No package or capability of this name can be asked for. Check the name against what the portal offers.',
})
export const requestOpen = problem('requests.open', 409, 'You have asked for this already', {
  help: 'Your organisation has an open request for the same package or capability. Go on with that one, or withdraw it.',
})
export const requestByWaitlist = problem('requests.by_waitlist', 409, 'This has a waitlist', {
  help: 'The capability is in a pilot, and who takes part is admitted from its waitlist. Join the waitlist instead.',
})
export const requestIncomplete = problem('requests.incomplete', 422, 'The request is not complete', {
  help: '`errors` names what is missing: with `in: form` a place in the form, with `in: profile` a fact of your organisation. Add it and submit again; nothing was changed.',
})
export const requestNotNow = problem('requests.not_now', 409, 'This cannot be done in the state it is in', {
  help: 'A request goes from draft to submitted to in-review, and ends as approved, declined or withdrawn. It has moved on since you looked, or is not there yet: read it again.',
})
export const requestClaimed = problem('requests.claimed', 409, 'Somebody else is reviewing this', {
  help: 'Only the reviewer of a request asks and decides. Talk to them, or claim it with `takeOver`, which is on record.',
})
export const requestNotAllowed = problem('requests.not_allowed', 403, 'You may not review this', {
  help: 'Requests are reviewed by people of the provider whose role may change access, not by the keys of services.',
})
export const requestOwn = problem('requests.own', 403, 'You belong to who is asking', {
  help: 'A request is reviewed by somebody who neither made it nor is a member of the organisation that asks. Leave it to a colleague.',
})
export const requestNotOpen = problem('requests.not_open', 409, 'What was asked for cannot be given now', {
  help: 'The capability is not open to partners at the moment, or is given by its pilot. Decline the request, or change the exposure of the capability first.',
})
