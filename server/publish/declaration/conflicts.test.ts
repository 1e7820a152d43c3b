/** What is changed by hand and what is changed by file never overwrite each other, and a start serves what runs. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findPartnerBySlug, renamePartner } from '#/identity/partners/partners.ts'
import { publicId } from '#/kernel/id/id.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { applyProvider } from '#/publish/declaration/declaration.ts'
import {
  declarationScene,
  everything,
  first,
  operator,
  withoutTimes,
} from '../../../tests/support/declaration/scene.ts'
import { within } from '../../../tests/support/waiting.ts'

const { options, write, plan, apply, byHand, lastChange } = await declarationScene()
write(first)
await apply()

describe('changed by hand', () => {
  const rename = (name: string) =>
    byHand(async (tx) => renamePartner(tx, (await findPartnerBySlug(tx, 'acme'))!.id, name))

  test('and not in the file: it is left alone, at every apply, until the file is to win', async () => {
    write(first)
    await rename('Acme Ltd')
    for (let twice = 0; twice < 2; twice += 1) {
      const { text, verdict } = await apply()
      assert.equal(verdict, 'nothing')
      assert.equal(
        withoutTimes(text),
        `Changed by hand, and left alone
  partners.acme.name: the file says Acme, what runs is Acme Ltd (operator ${publicId('per', operator.id)} at TIME, partners.rename)

Nothing to do.
`,
      )
    }
    assert.match((await apply(new Map([['partners.acme.name', 'file']]))).text, /~ name: Acme Ltd → Acme\n/)
    assert.equal((await apply()).text, 'Nothing to do.\n')
  })

  test('and in the file to the same: nobody has to decide', async () => {
    await rename('Acme AG')
    write(first.replace('name: Acme,', 'name: Acme AG,'))
    assert.deepEqual([(await apply()).text, (await plan()).text], ['Nothing to do.\n', 'Nothing to do.\n'])
  })

  for (const [side, name] of [
    ['file', 'Acme SE'],
    ['running', 'Acme Inc'],
  ] as const) {
    test(`and in the file: a conflict that changes nothing else either, until somebody takes ${side}`, async () => {
      write(first)
      await apply(everything('file'))
      await rename('Acme Inc')
      write(first.replace('name: Acme,', 'name: Acme SE,').replace('name: Bolt,', 'name: Bolt SE,'))
      const before = await lastChange()
      const refused = await apply()
      assert.deepEqual([refused.verdict, refused.partners, await lastChange()], ['refused', [], before])
      assert.equal(
        withoutTimes(refused.text.slice(refused.text.indexOf('Refused'))),
        `Refused; nothing was changed
  portico.yaml:15 partners.acme.name: changed in the file and by hand
      the file said Acme until now (applied TIME)
      it says Acme SE
      what runs is Acme Inc (operator ${publicId('per', operator.id)} at TIME, partners.rename)
      decide with --take file:partners.acme.name or --take running:partners.acme.name

Nothing can be applied: 1 refusal.
`,
      )
      assert.equal((await plan()).verdict, 'refused')
      const taken = await apply(new Map([['partners.acme', side]]))
      assert.equal(taken.verdict, 'changes')
      const found = await byHand((tx) => findPartnerBySlug(tx, 'acme'))
      assert.equal(found?.name, name)
      assert.equal((await apply()).verdict, 'nothing')
    })
  }
})

test('what somebody is just changing by hand is waited for, not overwritten', async () => {
  write(first)
  await apply(everything('file'))
  write(first.replace('name: Acme,', 'name: Acme SE,'))
  const applying = await byHand(async (tx) => {
    await renamePartner(tx, (await findPartnerBySlug(tx, 'acme'))!.id, 'By hand')
    // Not awaited: it waits for this transaction.
    const outcome = apply()
    await within(5000, async () => {
      const waiting =
        "select 1 from pg_locks where not granted and relation = 'control.identity_partner'::regclass"
      return (await tx.rows(waiting)).length > 0
    })
    return { outcome }
  })
  const { verdict, text } = await applying.outcome
  assert.equal(verdict, 'refused')
  assert.match(text, /partners\.acme\.name: changed in the file and by hand\n/)
  assert.equal((await byHand((tx) => findPartnerBySlug(tx, 'acme')))?.name, 'By hand')
})

test('a side that is taken of nothing is refused', async () => {
  write(first)
  const { verdict, text } = await plan(new Map([['partners.acne', 'file']]))
  assert.equal(verdict, 'refused')
  assert.match(text, / partners\.acne: is no thing and no field of one, so nothing can be taken\n/)
})

describe('a start', () => {
  async function start() {
    const lines: { level: string; event?: string; refused?: string[]; left?: string[] }[] = []
    const note = (level: string) => (line: object) => void lines.push({ level, ...line })
    const log = Object.assign(silentLog(), { warn: note('warn'), error: note('error') })
    const applied = await applyProvider({ ...options, log })
    return { applied, lines }
  }

  test('with a conflict applies nothing, says so, and serves what runs', async () => {
    write(first)
    await apply(everything('file'))
    await byHand(async (tx) => renamePartner(tx, (await findPartnerBySlug(tx, 'acme'))!.id, 'By hand'))
    write(first.replace('name: Acme,', 'name: Other,').replace('name: Bolt,', 'name: Bolt SE,'))
    const before = await lastChange()
    const { applied, lines } = await start()
    assert.equal(await lastChange(), before)
    assert.deepEqual(
      applied.partners.map(({ slug, name }) => [slug, name]),
      [
        ['acme', 'By hand'],
        ['bolt', 'Bolt'],
        ['cord', 'Cord'],
      ],
    )
    const [{ level, event, refused = [] } = { level: '' }] = lines
    assert.deepEqual([lines.length, level, event, refused.length], [1, 'error', 'declaration.refused', 1])
    assert.match(
      refused[0]!,
      /^portico\.yaml:15 partners\.acme\.name: changed in the file and by hand \(operator per_/,
    )
  })

  test('leaves alone what was changed by hand, and says what', async () => {
    write(first.replace('name: Bolt,', 'name: Bolt SE,'))
    const { applied, lines } = await start()
    assert.deepEqual(
      applied.partners.map(({ name }) => name),
      ['By hand', 'Bolt SE', 'Cord'],
    )
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['declaration.changed_by_hand'],
    )
    assert.match(lines[0]?.left?.[0] ?? '', /^portico\.yaml:15 partners\.acme\.name \(operator per_/)
  })

  test('serves what runs while somebody holds what the file names for too long', async () => {
    write(first.replace('name: Cord,', 'name: Cord SE,'))
    const started = await byHand(async (tx) => {
      await renamePartner(tx, (await findPartnerBySlug(tx, 'bolt'))!.id, 'Held')
      return start()
    })
    assert.deepEqual(
      started.applied.partners.map(({ name }) => name),
      ['By hand', 'Bolt SE', 'Cord'],
    )
    assert.deepEqual(started.lines[0]?.refused, ['what the file names is being changed by somebody else'])
  })
})
