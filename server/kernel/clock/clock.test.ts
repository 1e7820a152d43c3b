/** What is a moment, and what only looks like one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTime } from '#/kernel/clock/clock.ts'

test('a moment has a day that there is, a time and a zone', () => {
  const same = [
    '2027-11-01T00:00:00Z',
    '2027-11-01T00:00Z',
    '2027-11-01T01:00:00.000+01:00',
    '2027-10-31T23:00:00-01:00',
  ]
  for (const text of same) assert.equal(parseTime(text).toISOString(), '2027-11-01T00:00:00.000Z', text)
  assert.equal(parseTime('2028-02-29T12:00:00.5Z').getTime() % 1000, 500)
})

test('everything else is none', () => {
  for (const text of [
    '',
    '2027',
    '1',
    'soon',
    '2027-11-01',
    '2027-11-01T00:00:00',
    '2027-02-29T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-11-01T25:00:00Z',
    '2027-11-01T00:00:00+25:00',
    '+275760-09-13T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    'Nov 1 2027 00:00:00 Z',
  ]) {
    assert.ok(Number.isNaN(parseTime(text).getTime()), text)
  }
})
