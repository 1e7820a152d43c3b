/** What of an upstream's Content-Type leaves: the contract's word for it, or no more than a reader needs. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { compile } from '../../../tests/support/contracts.ts'
import { startScene } from '../../../tests/support/gateway.ts'

const released = { 'x-portico-class': 'public' }
const described = (...types: string[]) => ({
  get: {
    responses: {
      200: { description: '', content: Object.fromEntries(types.map((type) => [type, released])) },
    },
  },
})
const paths = { '/text': described('text/csv'), '/picture': described('image/*') }
const info = { title: 'Files', version: '1.0.0' }
const scene = await startScene(compile({ openapi: '3.1.0', info, paths }).operations)
after(() => scene.close())

const cases: readonly (readonly [path: string, sent: string, left: string])[] = [
  ['/text', 'text/csv; charset=UTF-8; header=present', 'text/csv; charset=utf-8'],
  ['/text', 'Text/CSV; charset="iso-8859-1"', 'text/csv; charset=iso-8859-1'],
  ['/text', 'text/csv; charset=margin-17', 'text/csv'],
  ['/picture', 'Image/PNG; charset=utf-8; name=roof', 'image/png'],
]
for (const [path, sent, left] of cases) {
  test(`${sent} leaves as ${left}`, async () => {
    scene.upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': sent }).end('x')
    })
    const answer = await scene.fetch(path)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), left)
    assert.equal(await answer.text(), 'x')
  })
}
