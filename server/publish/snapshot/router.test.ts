/** The router against a plain reading of the rules: try every template, keep those that match, take the most concrete. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Route } from '#/gateway/gateway.ts'
import { createRouter } from '#/publish/snapshot/router.ts'

function routeOf(text: string): Route {
  const [method = '', path = ''] = text.split(' ')
  return {
    operation: {
      id: text,
      contract: 'test',
      version: '1.0.0',
      method,
      path,
      capability: path.includes('dark') ? 'dark' : 'seen',
      scopes: [],
      deprecated: false,
      summary: '',
      parameters: null,
      body: null,
      answer: () => undefined,
    },
    target: { kind: 'local', allows: () => false, handle: () => Promise.reject(new Error('not called')) },
    apiVersion: '1',
  }
}

const routerOf = (...texts: readonly string[]) =>
  createRouter(texts.map(routeOf), (route) => route.operation.capability === 'dark')

/** `GET /a/{x} [1]`, `405 GET, PUT` or `404`. */
function answer(router: ReturnType<typeof routerOf>, method: string, path: string): string {
  const match = router.match(method, path)
  if (match.kind === 'none') return '404'
  if (match.kind === 'other-method') return `405 ${match.allow.toSorted().join(', ')}`
  return `${match.route.operation.id} [${match.path.join(', ')}]`
}

describe('what is matched', () => {
  const router = routerOf(
    'GET /a',
    'GET /a/{x}',
    'PUT /a/{x}',
    'GET /a/b',
    'GET /a/{x}/c',
    'GET /a/b/d',
    'GET /a/{x}/{y}',
    'GET /f/{id}.json',
    'GET /f/{id}.tar.gz',
    'GET /f/{id}',
    'POST /v/{x}:archive',
    'GET /v/{major}.{minor}',
    'GET /s/',
    'GET /dark/thing',
  )
  const cases: readonly [method: string, path: string, answer: string][] = [
    ['GET', '/a', 'GET /a []'],
    ['GET', '/a/', '404'],
    ['GET', '/a/1', 'GET /a/{x} [1]'],
    ['GET', '/a/a%20b', 'GET /a/{x} [a%20b]'],
    ['PUT', '/a/1', 'PUT /a/{x} [1]'],
    ['DELETE', '/a/1', '405 GET, PUT'],
    ['GET', '/a/b', 'GET /a/b []'],
    ['PUT', '/a/b', '405 GET'],
    ['GET', '/a/b/c', 'GET /a/{x}/c [b]'],
    ['GET', '/a/b/d', 'GET /a/b/d []'],
    ['GET', '/a/b/e', 'GET /a/{x}/{y} [b, e]'],
    ['GET', '/a/b/e/f', '404'],
    ['GET', '/f/x.json', 'GET /f/{id}.json [x]'],
    ['GET', '/f/x.y.json', 'GET /f/{id}.json [x.y]'],
    ['GET', '/f/.json', 'GET /f/{id} [.json]'],
    ['GET', '/f/x.tar.gz', 'GET /f/{id}.tar.gz [x]'],
    ['POST', '/v/1:archive', 'POST /v/{x}:archive [1]'],
    ['GET', '/v/1.2', 'GET /v/{major}.{minor} [1, 2]'],
    ['GET', '/v/1.', '404'],
    ['GET', '/s/', 'GET /s/ []'],
    ['GET', '/s', '404'],
    ['POST', '/dark/thing', '405 '],
    ['*/*', '/a/1', '405 GET, PUT'],
    ['GET', '/', '404'],
  ]
  for (const [method, path, expected] of cases) {
    test(`${method} ${path} is ${expected}`, () => assert.equal(answer(router, method, path), expected))
  }
})

describe('a path that an upstream could read as a more concrete one is not matched', () => {
  const router = routerOf(
    'GET /p/export',
    'GET /p/{id}',
    'GET /p/{id}:archive',
    'GET /q/{id}',
    'GET /p/{id}/export',
  )
  const evasive = ['/p/%65xport', '/p/EXPORT', '/p/Export', '/p/export;x=1', '/p/export.json', '/p/export%20']
  for (const path of [...evasive, '/p/x%3Aarchive', '/p/x:ARCHIVE', '/p/x:%61rchive']) {
    test(path, () => assert.equal(answer(router, 'GET', path), '404'))
  }
  test('and one that could not is', () => {
    assert.equal(answer(router, 'GET', '/p/Exports'), 'GET /p/{id} [Exports]')
    assert.equal(answer(router, 'GET', '/p/v1.2'), 'GET /p/{id} [v1.2]')
    assert.equal(answer(router, 'GET', '/p/%C3%BC'), 'GET /p/{id} [%C3%BC]')
    assert.equal(answer(router, 'GET', '/q/EXPORT'), 'GET /q/{id} [EXPORT]')
    assert.equal(answer(router, 'GET', '/p/export/export'), 'GET /p/{id}/export [export]')
  })
})

/** Small alphabets, so that templates collide and nest. */
const literal = fc.constantFrom('a', 'b', 'ab')
const segment = fc.oneof(
  { weight: 3, arbitrary: literal },
  { weight: 2, arbitrary: fc.constant('{x}') },
  { weight: 1, arbitrary: fc.constantFrom('{x}.a', 'a{x}', '{x}.{y}', '{x}b{y}') },
)
const path = (part: fc.Arbitrary<string>) =>
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
const request = path(fc.constantFrom('a', 'b', 'ab', 'a.a', 'x.a', 'abb', 'aab', '.a', 'x.', 'x', 'a.b'))

type Reading = {
  readonly text: string
  readonly ranks: readonly number[]
  readonly captured: readonly string[]
}

/** Regular expressions, lazily from the left: what the router must not need. */
function naive(templates: readonly string[], asked: string): readonly string[] {
  const readings = templates.flatMap((text): Reading[] => {
    const source = text.replaceAll('.', '\\.').replaceAll(/\{[^}]*\}/g, '([^/]+?)')
    const found = new RegExp(`^${source}$`).exec(asked)
    return found ? [{ text, ranks: ranksOf(text), captured: found.slice(1) }] : []
  })
  if (readings.length === 0) return ['404']
  return mostConcrete(readings, 1).map(({ ranks, captured }) => `${ranks.join()} [${captured.join(', ')}]`)
}

/**
 * Segment by segment. Where two mixtures have as much text of their own (`a{x}` and `{x}.{y}` for `a.a`), which of them
 * is taken is the router's to say, and what comes behind is looked at only then.
 */
function mostConcrete(readings: readonly Reading[], at: number): readonly Reading[] {
  const best = Math.min(...readings.map(({ ranks }) => ranks[at]!))
  const left = readings.filter(({ ranks }) => ranks[at] === best)
  if (at === left[0]!.ranks.length - 1) return left
  const choices = Map.groupBy(left, ({ text }) => text.split('/')[at]!)
  return [...choices.values()].flatMap((choice) => mostConcrete(choice, at + 1))
}

/** 0 for a literal, 1 for a mixture (less for more text of its own), 2 for a variable. */
function ranksOf(template: string): readonly number[] {
  return template.split('/').map((part) => {
    if (!part.includes('{')) return 0
    return part === '{x}' ? 2 : 1.9 - part.replaceAll(/\{[^}]*\}/g, '').length / 10
  })
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, rank] of a.entries()) if (rank !== b[i]) return rank - (b[i] ?? 0)
  return 0
}

test('any templates and any path: the same as trying them all', () => {
  fc.assert(
    fc.property(fc.uniqueArray(path(segment), { maxLength: 8 }), request, (templates, asked) => {
      const router = routerOf(...templates.map((template) => `GET ${template}`))
      const match = router.match('GET', asked)
      const expected = naive(templates, asked)
      if (match.kind === 'none')
        return assert.ok(expected[0] === '404' || mayBeReadOtherwise(templates, asked, expected))
      assert.ok(match.kind === 'found')
      const answer = `${ranksOf(match.route.operation.path).join()} [${match.path.join(', ')}]`
      assert.ok(expected.includes(answer), `${answer} is none of ${expected.join(' or ')}`)
    }),
    { numRuns: 3000 },
  )
})

/** A refusal is right only where the path without its extension has a more concrete reading. */
function mayBeReadOtherwise(
  templates: readonly string[],
  asked: string,
  expected: readonly string[],
): boolean {
  const cuts = naive(templates, asked.replace(/(?<=[^/])\.[^./]*$/, ''))
  const ranks = (text: string) => text.split(' ')[0]!.split(',').map(Number)
  if (cuts[0] === '404') return false
  return cuts.some((cut) => expected.some((text) => compare(ranks(cut), ranks(text)) < 0))
}
