/** The states of a request, and all that can happen to one: what is not listed is refused. */
import { requestNotNow } from '#/access/requests/problems.ts'

export const requestStates = ['draft', 'submitted', 'in-review', 'approved', 'declined', 'withdrawn'] as const

export type RequestState = (typeof requestStates)[number]

type Move = { readonly from: readonly RequestState[]; readonly to: RequestState }

const moves = {
  edit: { from: ['draft'], to: 'draft' },
  submit: { from: ['draft'], to: 'submitted' },
  withdraw: { from: ['draft', 'submitted', 'in-review'], to: 'withdrawn' },
  claim: { from: ['submitted', 'in-review'], to: 'in-review' },
  ask: { from: ['in-review'], to: 'in-review' },
  answer: { from: ['in-review'], to: 'in-review' },
  approve: { from: ['in-review'], to: 'approved' },
  decline: { from: ['in-review'], to: 'declined' },
} as const satisfies Readonly<Record<string, Move>>

/** Throws `requestNotNow`. */
export function stateAfter(state: RequestState, verb: keyof typeof moves): RequestState {
  const { from, to }: Move = moves[verb]
  if (!from.includes(state)) {
    throw requestNotNow.with({
      detail: `The request is ${state}; ${verb} is for one that is ${from.join(' or ')}.`,
    })
  }
  return to
}
