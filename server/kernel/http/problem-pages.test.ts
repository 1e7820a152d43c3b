/** Every problem has a page, and nothing that is asked for can be anything else. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createHttp, problemPages } from '#/kernel/http/http.ts'
import { readProblemPages } from '#/kernel/http/problem-pages.ts'
import { silentLog } from '#/kernel/log/log.ts'

const markdown = `<!-- made -->

# Problems

Words before the first.

## http

### http.odd

A <b> & a title. Status 400; will not succeed unchanged.

Look at \`X-Odd\` & "quotes", <script>alert(1)</script>.

And a second paragraph.

## next area

### next.one

Another. Status 503; may succeed later unchanged.

Wait.
`

const folder = mkdtempSync(join(tmpdir(), 'portico-pages-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'problems.md')
writeFileSync(file, markdown)
const http = await createHttp({
  log: silentLog(),
  base: () => 'https://portico.test',
  routes: [problemPages(file)],
})

test('a section is a page, up to the next heading of any level', () => {
  const pages = readProblemPages(markdown)
  assert.deepEqual([...pages.keys()], ['http.odd', 'next.one'])
  assert.match(pages.get('http.odd')?.help ?? '', /^Look at .* And a second paragraph\.$/)
  assert.equal(pages.get('next.one')?.help, 'Wait.')
})

test('a page shows the text as text', async () => {
  const answer = await http.inject({ url: '/portal/problems/http.odd' })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
  assert.ok(answer.body.includes('A &lt;b&gt; &amp; a title.'))
  assert.ok(answer.body.includes('<code>X-Odd</code>'))
  assert.ok(!answer.body.includes('<script>'))
})

test('404 for a code that is none', async () => {
  for (const code of ['http.none', '__proto__', 'constructor', '..%2fproblems', '%00', 'a'.repeat(100)]) {
    const answer = await http.inject({ url: `/portal/problems/${code}` })
    assert.equal(answer.statusCode, 404, code)
    assert.equal(answer.json<{ code: string }>().code, 'http.not_found')
  }
})

test('400 for what the router cannot read, as a problem like every other', async () => {
  for (const code of ['%zz', '%ff%fe', 'a'.repeat(300)]) {
    const answer = await http.inject({ url: `/portal/problems/${code}` })
    assert.equal(answer.statusCode, 400, code)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    assert.equal(answer.json<{ requestId: string }>().requestId, answer.headers['request-id'])
    assert.ok(!answer.body.includes('FST_'))
  }
})
