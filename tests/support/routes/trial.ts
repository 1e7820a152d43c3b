/** Holds answers against what they should be and keeps what differs, so that one run tells everything that is wrong. */
import { shown } from './answer.ts'
import type { Answer, Asking } from './answer.ts'
import type { NotThere } from './recipes/recipe.ts'
import type { Door, Headers, Stage } from './stage.ts'
import { changedTables, stateOf } from './state.ts'

/** `401 auth.missing`, or a status alone where the code is nobody's business. */
export type Expected = string | number

/** Somebody who is refused whatever the call is about: why, with what, and how. */
export type Refused = readonly [who: string, headers: Headers, expected: Expected]

export type Trial = {
  readonly findings: string[]
  expect(who: string, asking: Asking, headers: Headers, expected: Expected): Promise<Answer>
  /** None of them is there for this caller, and the answers do not tell which is there for others. */
  expectAlike(who: string, headers: Headers, notThere: NotThere): Promise<void>
  /** What is called in it leaves every table as it was. */
  changesNothing(what: string, calls: () => Promise<void>): Promise<void>
}

export function createTrial(stage: Stage, door: Door): Trial {
  const findings: string[] = []
  const ask = (asking: Asking, headers: Headers) => stage.ask(door, asking, headers)
  const name = ({ method, url }: Asking) => `${method} ${url}`
  const trial: Trial = {
    findings,
    async expect(who, asking, headers, expected) {
      const answer = await ask(asking, headers)
      const given = typeof expected === 'number' ? answer.status : shown(answer)
      if (given !== expected) {
        findings.push(
          `${name(asking)} for ${who}: ${shown(answer)} instead of ${expected}; ${answer.text.slice(0, 300)}`,
        )
      }
      return answer
    },
    async expectAlike(who, headers, { calls, status, ids = [] }) {
      const [first, ...others] = calls
      if (!first) throw new Error('there is nothing to ask')
      const one = unnamed(await trial.expect(who, first, headers, status), ids[0])
      for (const [i, call] of others.entries()) {
        const other = unnamed(await ask(call, headers), ids[i + 1])
        if (one === other) continue
        findings.push(`${name(first)} for ${who}: ${one}; but ${name(call)}: ${other}`)
      }
    },
    async changesNothing(what, work) {
      const before = await stateOf(stage.database)
      await work()
      const changed = changedTables(before, await stateOf(stage.database))
      if (changed.length > 0) findings.push(`${what}: calls that were refused changed ${changed.join(', ')}`)
    },
  }
  return trial
}

/** Without the name that was asked for: to repeat it tells nothing. */
function unnamed({ alike }: Answer, id: string | undefined): string {
  if (id === undefined) return alike
  return alike.replaceAll(new RegExp(`(?<![\\w-])${RegExp.escape(id)}(?![\\w-])`, 'g'), '…')
}
