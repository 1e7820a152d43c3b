/**
 * Says where an answer left its contract, at no cost to one that did not: the place is put together on the way out.
 * It names properties of the contract and positions, never what the upstream sent.
 */
import { OffContract } from '#/contracts/classification/off-contract.ts'
import { member } from '#/contracts/validation/validation.ts'

/** What a run gives instead of a value. Not an exception: those cost microseconds, and an upstream decides how many. */
export const failed: unique symbol = Symbol('off contract')

export type Failure = {
  /** The value, or its property `segment`, is wrong. */
  readonly off: (reason: string, segment?: string | number) => typeof failed
  /** What is wrong lies in `segment`. */
  readonly at: (segment: string | number) => typeof failed
  readonly take: () => OffContract
}

export function createFailure(): Failure {
  let why = ''
  let path: (string | number)[] = []
  return {
    off(reason, segment) {
      why = reason
      path = segment === undefined ? [] : [segment]
      return failed
    },
    at(segment) {
      path.push(segment)
      return failed
    },
    take: () => new OffContract(path.toReversed().reduce<string>(member, '#'), why),
  }
}
