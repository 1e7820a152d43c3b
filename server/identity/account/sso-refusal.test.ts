/** A single sign-on that was refused, as whoever comes back from it sees it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId, publicId } from '#/kernel/id/id.ts'
import { testDatabase } from '../../../tests/support/database.ts'
import { doors } from '../../../tests/support/identity/doors.ts'

const scene = await doors(await testDatabase())
const { browser } = scene

test('a refusal on the way back is a page to a browser and a problem to a program; either names the line in the log', async () => {
  const path = `GET /sso/${publicId('sso', newId())}/callback?state=%3Cb%3E&error=access_denied` as const
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  const shown = await browser().ask(path, undefined, { accept })
  assert.deepEqual([shown.status, shown.headers['content-type']], [401, 'text/html; charset=utf-8'])
  assert.match(shown.text, /The single sign-on was refused[\s\S]*Begin again from the sign-in page\./)
  assert.ok(shown.text.includes(String(shown.headers['request-id'])))
  assert.ok(!/access_denied|<b>/.test(shown.text))
  const said = scene.said.filter(({ event }) => event === 'sso.failed').at(-1)
  assert.deepEqual([said?.requestId, said?.code], [shown.headers['request-id'], 'state-missing'])
  const told = await browser().ask(path)
  assert.deepEqual([told.status, told.body.code], [401, 'auth.sso_failed'])
})
