/** A journal of a living process is nobody else's; one of a dead process is found to be so. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#/kernel/clock/clock.ts'
import { silentLog } from '#/kernel/log/log.ts'
import { openJournal } from '#/usage/journal/journal.ts'
import { ownerLives, silentMilliseconds } from '#/usage/journal/owner.ts'
import { bury, journalFolder } from '../../../tests/support/usage.ts'

const clock = systemClock()
const open = () => openJournal({ folder: journalFolder(), sync: 'grouped', clock, log: silentLog() })

test('a living owner is told from a dead one, also when its number was given away', async () => {
  const journal = open()
  assert.equal(ownerLives(journal.folder, clock), true)
  bury(journal)
  assert.equal(ownerLives(journal.folder, clock), false)
  rmSync(join(journal.folder, 'owner.json'))
  assert.equal(ownerLives(journal.folder, clock), false)
  await journal.close()
})

test('an owner in another container, or before a reboot, lives as long as it is heard of', async () => {
  const journal = open()
  const path = join(journal.folder, 'owner.json')
  const owner = JSON.parse(readFileSync(path, 'utf8')) as object
  for (const elsewhere of [{ boot: 'another' }, { namespace: 'pid:[1]' }]) {
    writeFileSync(path, JSON.stringify({ ...owner, ...elsewhere }))
    const written = statSync(path).mtimeMs
    assert.equal(ownerLives(journal.folder, { ...clock, wall: () => written + silentMilliseconds }), true)
    assert.equal(
      ownerLives(journal.folder, { ...clock, wall: () => written + silentMilliseconds + 1 }),
      false,
    )
  }
  await journal.close()
})
