/** Settings: defaults that work, and every mistake named at once without showing a secret. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { ConfigError, installationKey, parseDuration, readConfig } from '#/kernel/config/config.ts'

test('nothing set gives the documented defaults', () => {
  const config = readConfig({})
  assert.equal(config.port, 8080)
  assert.equal(config.adminPort, 8081)
  assert.equal(config.data, resolve('.portico'))
  assert.equal(config.databaseUrl, null)
  assert.equal(config.drainTime, 20_000)
  assert.equal(config.snapshotAge, 300_000)
  assert.equal(config.tls, null)
})

test('all mistakes come at once, and a secret is not repeated', () => {
  const wrong = {
    PORT: '99999',
    ADMIN_PORT: 'x',
    DATABASE_URL: 'mysql://u:hunter2@h/d',
    PORTICO_CONFIG: '/nowhere/portico.yaml',
    TLS_CERT: '/nowhere/cert.pem',
    PORTICO_JOURNAL_SYNC: 'never',
    PORTICO_KEY: 'c2hvcnQ=',
    PORTICO_TRACE_RATIO: '2',
  }
  assert.throws(
    () => readConfig(wrong),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError)
      for (const name of Object.keys(wrong)) {
        assert.ok(
          error.mistakes.some((line) => line.startsWith(name)),
          `${name} is reported`,
        )
      }
      assert.ok(!error.message.includes('hunter2'))
      assert.ok(!error.message.includes('c2hvcnQ='))
      return true
    },
  )
})

test('each wrong value of each setting is told in one line that names it', () => {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    PORT: ['x', '-1', '65536', '1.5', '0x10'],
    ADMIN_PORT: ['abc'],
    PUBLIC_URL: ['foo', 'ftp://x', 'http://', 'https://u:p@x', 'https://x/?y=1', 'https://x/#y'],
    DATABASE_URL: ['x', 'mysql://h/d', 'postgres:///d'],
    PORTICO_CONFIG: ['/nowhere/portico.yaml'],
    PORTICO_KEY: ['short', '!'.repeat(44), Buffer.alloc(33).toString('base64')],
    PORTICO_JOURNAL_SYNC: ['never', 'Grouped'],
    PORTICO_DRAIN_TIME: ['20', '-1s', '25h', '99999999h'],
    LOG_LEVEL: ['loud', 'INFO'],
    OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', 'http://c/v1?x'],
    PORTICO_TRACE_RATIO: ['2', '-0.1', 'abc', 'NaN', 'Infinity', '0x1'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      assert.throws(
        () => readConfig({ [name]: value }),
        (error: unknown) => {
          assert.ok(error instanceof ConfigError, `${name}=${value}`)
          assert.equal(error.mistakes.length, 1)
          assert.match(error.message, new RegExp(`^${name}\\b`))
          return true
        },
        `${name}=${value}`,
      )
    }
  }
})

test('blanks around a value are not part of it, and a blank value is none', () => {
  const config = readConfig({ PORT: ' 9000\r', PORTICO_TRACE_RATIO: '5e-1', LOG_LEVEL: ' ' })
  assert.equal(config.port, 9000)
  assert.equal(config.traceRatio, 0.5)
  assert.equal(config.logLevel, 'info')
})

test('an address loses its last slash', () => {
  assert.equal(readConfig({ PUBLIC_URL: 'https://api.example/v1/' }).publicUrl, 'https://api.example/v1')
})

test('both ports the same is a mistake, both free is not', () => {
  assert.throws(() => readConfig({ PORT: '9000', ADMIN_PORT: '9000' }), /both 9000/)
  assert.equal(readConfig({ PORT: '0', ADMIN_PORT: '0' }).port, 0)
})

test('the key is made once, for this user only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-config-'))
  const data = join(folder, 'deep')
  const config = readConfig({ PORTICO_DATA: data })
  const key = installationKey(config)
  assert.equal(key.length, 32)
  assert.deepEqual(installationKey(config), key)
  assert.equal(statSync(join(data, 'key')).mode & 0o777, 0o600)
  rmSync(folder, { recursive: true })
})

test('durations', () => {
  assert.deepEqual(['500ms', '2s', '5m', '1h'].map(parseDuration), [500, 2000, 300_000, 3_600_000])
  assert.deepEqual(['', '2', 's', '-1s', '1.5s', '2 s'].map(parseDuration), [
    null,
    null,
    null,
    null,
    null,
    null,
  ])
})
