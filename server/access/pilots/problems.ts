/** What is refused about pilots. */
import { problem } from '#/kernel/problem/problem.ts'

export const pilotNotFound = problem('pilots.not_found', 404, 'There is no such pilot', {
  help: 'No pilot of this id or for this capability is open to you. Check it against the list of pilots.',
})
export const pilotRunning = problem('pilots.running', 409, 'The capability has a pilot', {
  help: 'A capability has one pilot at a time. Promote or cancel the one that runs, then open the next.',
})
export const pilotExposure = problem('pilots.exposure', 409, 'The exposure of the capability does not fit', {
  help: 'A pilot is opened for a capability whose exposure is `dark` (to prepare it) or `pilot`, and promoted from `pilot`. Change the exposure first.',
})
export const pilotClosed = problem('pilots.closed', 409, 'The pilot is closed', {
  help: 'A pilot that was promoted or cancelled is over for good. Open another one if it is still wanted.',
})
export const pilotEnded = problem('pilots.ended', 409, 'The pilot has ended', {
  help: 'Its end date has passed, so nobody joins it or is admitted any more. The provider may extend it.',
})
export const pilotFull = problem('pilots.full', 409, 'The pilot has not that many free places', {
  help: 'Nobody was admitted. Admit fewer partners, raise the capacity, or wait for somebody to leave.',
})
export const pilotTerms = problem('pilots.terms', 422, 'These terms do not fit the pilot', {
  help: 'An end date lies in the future, and a capacity is not below the number of partners who are admitted.',
})
export const placeNotFound = problem('pilots.no_place', 404, 'There is no such place', {
  help: 'The partner neither waits for this pilot nor is admitted to it.',
})
