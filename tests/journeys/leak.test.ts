/**
 * Nothing outside the released schema comes out. For every operation, status and media type of the demo's document
 * and of Adyen's, and of contracts made at random, an upstream says what the document describes, and more, and worse;
 * every byte that the client receives is held against an oracle that shares no code with the gateway.
 *
 * `RUNS=200` for an evening; `SEED=…` for the same answers again.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { createDice } from '../support/release/dice.ts'
import { adyenSubjects, demoSubjects, randomSubjects } from '../support/leak/documents.ts'
import { passBodiesThrough, passHeadersThrough, startRelay } from '../support/leak/broken.ts'
import { startLeakScene, type LeakScene } from '../support/leak/scene.ts'
import type { Subject } from '../support/leak/subjects.ts'

const seed = Number(process.env['SEED'] ?? randomInt(1_000_000))
/** Calls of each status and media type of each operation. */
const runs = Number(process.env['RUNS'] ?? 6)

const scenes: LeakScene[] = []
after(() => Promise.all(scenes.map((scene) => scene.close())))

async function open(...given: Parameters<typeof startLeakScene>): Promise<LeakScene> {
  const scene = await startLeakScene(...given)
  scenes.push(scene)
  return scene
}

type Found = { calls: number; passed: number; places: number; leaks: string[] }

/** Calls everything `times` times over; the places of leaks say how to see them again. */
async function callAll(scene: LeakScene, subjects: readonly Subject[], times: number): Promise<Found> {
  const found: Found = { calls: 0, passed: 0, places: 0, leaks: [] }
  for (const [index, subject] of subjects.entries()) {
    for (let run = 0; run < times; run++) {
      const dice = createDice(seed + index * 1_000_003 + run * 7_919)
      const { saying, captured, verdict } = await scene.call(subject, dice)
      found.calls++
      found.places += verdict.places
      if (verdict.passed) found.passed++
      const where = `${subject.name}, ${saying.way}, ${saying.status} became ${captured.status}`
      found.leaks.push(...verdict.leaks.map((leak) => `${where}: ${leak}`))
    }
  }
  return found
}

/** Silence would pass every judge, so enough must come out. */
async function proveTight(t: TestContext, subjects: readonly Subject[]): Promise<void> {
  const found = await callAll(await open(subjects), subjects, runs)
  t.diagnostic(
    `SEED=${seed} RUNS=${runs}: ${found.calls} calls, ${found.passed} passed, ${found.places} places`,
  )
  assert.deepEqual(found.leaks.slice(0, 20), [], `SEED=${seed} RUNS=${runs}`)
  assert.ok(found.passed > found.calls / 20, `only ${found.passed} of ${found.calls} answers passed`)
  assert.ok(found.places > found.passed / 2, `only ${found.places} places came out`)
}

test('the demo', async (t) => proveTight(t, await demoSubjects()))

for (const version of ['v70', 'v71'] as const) {
  test(`Adyen Checkout ${version}, as it is`, (t) => proveTight(t, adyenSubjects(version, null)))
  for (const round of [1, 2]) {
    test(`Adyen Checkout ${version}, classified at random (${round})`, (t) =>
      proveTight(t, adyenSubjects(version, seed + round)))
  }
}

test('contracts at random', (t) => proveTight(t, randomSubjects(seed, 60)))

test('a gateway that leaks is caught', async (t) => {
  const subjects = [...(await demoSubjects()), ...randomSubjects(7, 5)]
  await t.test('when it passes content through', async () => {
    const { leaks } = await callAll(await open(subjects, passBodiesThrough), subjects, 3)
    assert.ok(
      leaks.some((leak) => leak.includes('place [')),
      'no place was missed',
    )
    assert.ok(
      leaks.some((leak) => leak.includes('marker 73')),
      'no marker was missed',
    )
  })
  await t.test('when it passes headers through', async () => {
    const { leaks } = await callAll(await open(subjects, passHeadersThrough), subjects, 3)
    assert.ok(leaks.some((leak) => / header (server|x-powered-by|link)$/i.test(leak)))
    assert.ok(leaks.every((leak) => !leak.includes('place [')))
  })
  await t.test('when it is none', async () => {
    const { leaks } = await callAll(await open(subjects, undefined, startRelay), subjects, 3)
    for (const kind of ['informational', 'trailers', 'reason', 'header X-M', 'place [']) {
      assert.ok(
        leaks.some((leak) => leak.includes(`: ${kind}`)),
        kind,
      )
    }
  })
})
