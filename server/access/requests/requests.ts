/** Access requests: a partner asks for a package or a capability, and one person of the provider decides. */
export {
  answerRequest,
  createRequest,
  editRequest,
  findOwnRequest,
  listOwnRequests,
  submitRequest,
  withdrawRequest,
} from '#/access/requests/asking.ts'
export type { Thing } from '#/access/requests/asking.ts'
export { FormShape, proseOf } from '#/access/requests/form.ts'
export type { Form } from '#/access/requests/form.ts'
export * from '#/access/requests/problems.ts'
export {
  approveRequest,
  askPartner,
  claimRequest,
  declineRequest,
  findSubmitted,
  noteOnRequest,
  tellOverdue,
} from '#/access/requests/review.ts'
export { requestStates } from '#/access/requests/states.ts'
export type { RequestState } from '#/access/requests/states.ts'
export { listSubmitted } from '#/access/requests/store.ts'
export type { AccessRequest, Message, RequestFilter } from '#/access/requests/store.ts'
