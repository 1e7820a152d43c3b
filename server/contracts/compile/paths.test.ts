/** Paths: where they begin, which are ours, which two would be one. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reservedPaths } from '#/contracts/compile/compile.ts'
import { compile, documentOf } from '../../../tests/support/contracts.ts'

const responses = { 204: { description: 'done' } }

function withPaths(paths: readonly string[], more: Record<string, unknown> = {}): ReturnType<typeof compile> {
  const items = paths.map((path) => {
    const parameters = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: {},
    }))
    return [path, { get: { parameters, responses } }]
  })
  return compile({ ...documentOf({}), paths: Object.fromEntries(items), ...more })
}

const refusals = (paths: readonly string[], more: Record<string, unknown> = {}): string[] =>
  withPaths(paths, more).refusals.map(({ code, pointer }) => `${code} ${pointer}`)

describe('the path of the server', () => {
  const pathOf = (servers: unknown): string | undefined =>
    withPaths(['/things'], { servers }).operations[0]?.path
  test('stands in front', () => {
    assert.equal(pathOf([{ url: 'https://api.example.com/v70' }]), '/v70/things')
    assert.equal(pathOf([{ url: '/v1/' }]), '/v1/things')
    assert.equal(pathOf([{ url: 'https://example.com' }]), '/things')
    assert.equal(pathOf([]), '/things')
    assert.equal(pathOf(undefined), '/things')
  })
  test('has the defaults of its variables', () => {
    const variables = { region: { default: 'eu' }, version: { default: 'v2' } }
    assert.equal(pathOf([{ url: 'https://{region}.example.com/{version}', variables }]), '/v2/things')
    assert.deepEqual(refusals(['/things'], { servers: [{ url: '/{version}' }] }), [
      'server_url #/servers/0/url',
    ])
  })
  test('is that of the first server', () => {
    const { operations, notices } = withPaths(['/things'], {
      servers: [{ url: '/a' }, { url: '/b' }, { url: 'https://x.example/a' }],
    })
    assert.equal(operations[0]?.path, '/a/things')
    assert.deepEqual(
      notices.map(({ code, pointer }) => `${code} ${pointer}`),
      ['server_ignored #/servers/1'],
    )
  })
  test('that cannot be read is refused', () => {
    assert.deepEqual(refusals(['/things'], { servers: [{ url: 'http://[' }] }), [
      'server_url #/servers/0/url',
    ])
    assert.deepEqual(refusals(['/things'], { servers: [{}] }), ['malformed #/servers/0'])
  })
})

describe('a path that is ours is refused', () => {
  for (const reserved of reservedPaths) {
    test(reserved, () => {
      const pointer = `#/paths/${reserved.replace('/', '~1')}`
      assert.deepEqual(refusals([reserved]), [`reserved_path ${pointer}`])
      assert.deepEqual(refusals([`${reserved}/a/{b}`]), [`reserved_path ${pointer}~1a~1{b}`])
      assert.deepEqual(refusals([`${reserved}s`]), [])
      assert.deepEqual(refusals(['/a'], { servers: [{ url: reserved }] }), ['reserved_path #/paths/~1a'])
    })
  }
  test('also when it is written in another way', () => {
    assert.deepEqual(refusals(['/%70artner/a', '/PORTAL']), [
      'reserved_path #/paths/~1%70artner~1a',
      'reserved_path #/paths/~1PORTAL',
    ])
  })
  test('also when a variable could be it', () => {
    assert.deepEqual(refusals(['/{a}', '/health{z}/b']), [
      'reserved_path #/paths/~1{a}',
      'reserved_path #/paths/~1health{z}~1b',
    ])
    assert.deepEqual(refusals(['/a/{b}']), [])
  })
  test('but not from our own document', () => {
    const { operations } = compile(
      { ...documentOf({}), paths: { '/partner/usage': { get: { responses } } } },
      { own: true },
    )
    assert.equal(operations[0]?.path, '/partner/usage')
  })
})

describe('templates', () => {
  test('that match the same requests are refused', () => {
    assert.deepEqual(refusals(['/a/{b}', '/a/{c}']), ['ambiguous_path #/paths/~1a~1{c}/get'])
    assert.deepEqual(refusals(['/a/{b}...{c}', '/a/{d}...{e}']), [
      'ambiguous_path #/paths/~1a~1{d}...{e}/get',
    ])
    assert.deepEqual(refusals(['/a/{b}', '/a/me', '/a/{b}.json', '/{b}x/a'].slice(0, 3)), [])
  })
  test('of different methods may name their variables differently', () => {
    const parameter = (name: string) => [{ name, in: 'path', required: true, schema: {} }]
    const paths = {
      '/a/{b}': { get: { parameters: parameter('b'), responses } },
      '/a/{c}': { delete: { parameters: parameter('c'), responses } },
    }
    assert.deepEqual(compile({ ...documentOf({}), paths }).refusals, [])
  })
  test('that no request could mean are refused', () => {
    for (const path of [
      'a',
      '/a//b',
      '/a/../b',
      '/a/%2e%2E/b',
      '/a/./b',
      '/a?b',
      '/a#b',
      '/a b',
      '/a\\b',
      '/a/{b',
      '/a/b}',
      '/a/{}',
      '/a/{b}{c}',
      '/a/{b}/{b}',
    ]) {
      assert.ok(
        refusals([path]).some((one) => one.startsWith('path_template')),
        path,
      )
    }
  })
  test('may end with a slash and mix text with variables', () => {
    assert.deepEqual(
      withPaths(['/a/', '/a/{b}:archive']).operations.map(({ path }) => path),
      ['/a/', '/a/{b}:archive'],
    )
  })
})
