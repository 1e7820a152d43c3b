/** The closed list of reasons for which access is refused. A partner reads the help; a program goes by the code. */
import { scopeMissing } from '#/gateway/gateway.ts'
import { problem } from '#/kernel/problem/problem.ts'
import type { ProblemDefinition } from '#/kernel/problem/problem.ts'

export const noCapability = problem('access.no_capability', 404, 'Nothing is served here', {
  help: 'The operation belongs to no capability, so nobody can be entitled to it. Providers: give it x-portico-capability.',
})
export const notVisible = problem('access.not_visible', 404, 'Nothing is served here', {
  help: 'The operation does not exist for you.',
})
export const notReady = problem('access.not_ready', 404, 'Nothing is served here', {
  help: 'The operation does not exist for you. Providers: a gate that its capability needs has lapsed, and its policy is to hide the capability until there is evidence again.',
})
export const partnerSuspended = problem('access.partner_suspended', 403, 'Your access is suspended', {
  help: 'The provider has suspended your organisation. No call is served until it is resumed; your keys stay as they are.',
})
export const applicationSuspended = problem(
  'access.application_suspended',
  403,
  'The application is suspended',
  {
    help: 'The provider has suspended this application. Your other applications are served; its keys stay as they are for the day it is resumed.',
  },
)
export const noPackage = problem('access.no_package', 403, 'You are not on a package yet', {
  help: 'Access is granted by a package, and none has been given to you. Ask for one.',
})
export const notInEnvironment = problem(
  'access.not_in_environment',
  403,
  'Your package does not include this environment',
  { help: 'The package you are on serves another environment only. Ask for a package that has this one.' },
)
export const notInPackage = problem('access.not_in_package', 403, 'Your package does not include this', {
  help: 'The operation belongs to a capability that is not part of the package you are on. Ask for the capability, or for a package that has it.',
})
export const notRolledOut = problem('access.not_rolled_out', 403, 'This is not switched on for you yet', {
  help: 'You are entitled to the capability, and it is being switched on step by step. Try again later, or ask the provider when it reaches you.',
})
export const pilotNotAdmitted = problem('access.pilot_not_admitted', 403, 'You are not in the pilot', {
  help: 'The capability is in a pilot, and only partners that were admitted may call it. Ask for a place.',
})
export const pilotWaiting = problem('access.pilot_waiting', 403, 'You are on the waitlist of the pilot', {
  help: 'You have asked for a place in the pilot. You can call as soon as the provider admits you.',
})
export const pilotEnded = problem('access.pilot_ended', 403, 'The pilot has ended', {
  help: 'Calls are refused from the moment at which the pilot ended. Ask the provider what comes after it.',
})
export const agreementRequired = problem('access.agreement_required', 403, 'An agreement is needed first', {
  help: 'The package you are on needs an agreement that is signed and in force. The provider can tell you where yours stands.',
})
export const agreementEnded = problem('access.agreement_ended', 403, 'Your agreement has ended', {
  help: 'The package you are on needs an agreement in force, and the term of yours is over. Renew it with the provider.',
})

/** Every reason, in the order of the chain. */
export const reasons: readonly ProblemDefinition[] = [
  noCapability,
  notVisible,
  notReady,
  partnerSuspended,
  applicationSuspended,
  noPackage,
  notInEnvironment,
  notInPackage,
  notRolledOut,
  pilotNotAdmitted,
  pilotWaiting,
  pilotEnded,
  agreementRequired,
  agreementEnded,
  scopeMissing,
]
