/** Holds answers against what they should be and keeps what differs, so that one run tells everything that is wrong. */
import { shown } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Asking } from './recipe.ts'
import type { Door, Headers, Stage } from './stage.ts'
import { changedTables, stateOf } from './state.ts'

/** `401 auth.missing`, or a status alone where the code is nobody's business. */
export type Expected = string | number

/** Somebody who is refused whatever the call is about: why, with what, and how. */
export type Refused = readonly [who: string, headers: Headers, expected: Expected]

export type Trial = {
  readonly findings: string[]
  /** Calls that were made. */
  count(): number
  expect(who: string, asking: Asking, headers: Headers, expected: Expected): Promise<Answer>
  /** Two that are not there for this caller: one that others have, and one that nobody has. */
  expectAlike(
    who: string,
    headers: Headers,
    pair: { readonly foreign: Asking; readonly absent: Asking; readonly status: number },
  ): Promise<void>
  /** What is called in it leaves every table as it was. */
  changesNothing(what: string, calls: () => Promise<void>): Promise<void>
}

export function createTrial(stage: Stage, door: Door): Trial {
  const findings: string[] = []
  let calls = 0
  const ask = (asking: Asking, headers: Headers) => {
    calls += 1
    return stage.ask(door, asking, headers)
  }
  const name = ({ method, url }: Asking) => `${method} ${url}`
  return {
    findings,
    count: () => calls,
    async expect(who, asking, headers, expected) {
      const answer = await ask(asking, headers)
      const given = typeof expected === 'number' ? answer.status : shown(answer)
      if (given !== expected) {
        findings.push(`${name(asking)} for ${who}: ${shown(answer)} instead of ${expected}; ${answer.text.slice(0, 300)}`)
      }
      return answer
    },
    async expectAlike(who, headers, { foreign, absent, status }) {
      const [one, other] = [await ask(foreign, headers), await ask(absent, headers)]
      if (one.status !== status || one.alike !== other.alike) {
        findings.push(
          `${name(foreign)}, which is not for ${who}: ${one.alike}; what nobody has (${absent.url}): ${other.alike}; expected ${status} and both alike`,
        )
      }
    },
    async changesNothing(what, work) {
      const before = await stateOf(stage.database)
      await work()
      const changed = changedTables(before, await stateOf(stage.database))
      if (changed.length > 0) findings.push(`${what}: calls that were refused changed ${changed.join(', ')}`)
    },
  }
}
