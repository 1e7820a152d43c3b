/** Stages of a turn: in which order things run, and that whoever throws takes nobody along. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTurn } from '#/gateway/turn.ts'

/** A turn that ends when the test says so, and what ran in it. */
function scene() {
  const ends: (() => void)[] = []
  const ran: string[] = []
  const turn = createTurn((run) => ends.push(run))
  return {
    ran,
    turn,
    ends,
    end: () => ends.shift()!(),
    says: (name: string) => ({ due: () => void ran.push(name) }),
  }
}

describe('a turn of the event loop', () => {
  it('works on everything that came before it writes anything', () => {
    const { turn, ran, end, says, ends } = scene()
    const asks = (name: string) => ({
      due: () => {
        ran.push(name)
        turn.afterWork(says(`write of ${name}`))
      },
    })
    turn.afterReads(asks('a'))
    turn.afterWork(says('an early write'))
    turn.afterReads(asks('b'))
    assert.deepEqual(ran, [])
    end()
    assert.deepEqual(ran, ['a', 'b', 'an early write', 'write of a', 'write of b'])
    assert.equal(ends.length, 0)
  })

  it('leaves what comes while it ends to the next one', () => {
    const { turn, ran, end, says } = scene()
    turn.afterReads({ due: () => turn.afterReads(says('later')) })
    end()
    assert.deepEqual(ran, [])
    end()
    assert.deepEqual(ran, ['later'])
  })

  it('writes in between when it is long', () => {
    const { turn, ran, end, says } = scene()
    turn.afterWork(says('write'))
    for (let i = 0; i < 100; i++) turn.afterReads(says('work'))
    end()
    assert.equal(ran.indexOf('write'), 64)
    assert.equal(ran.length, 101)
  })

  it('runs each of the others once when some throw, in either stage', () => {
    const { turn, ran, end, says, ends } = scene()
    const throws = { due: () => assert.fail('on purpose') }
    turn.afterReads(says('a'))
    turn.afterReads(throws)
    turn.afterReads(says('b'))
    turn.afterWork(throws)
    turn.afterWork(says('c'))
    let failures = 0
    while (ends.length > 0) {
      try {
        end()
      } catch {
        failures++
      }
    }
    assert.deepEqual(ran, ['a', 'b', 'c'])
    assert.equal(failures, 2)
  })
})
