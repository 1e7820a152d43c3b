/** Table ownership is read out of migrations and out of the SQL in code, on samples. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableFindings } from './tables.ts'

const inCode = (sql: string) =>
  tableFindings([{ path: 'server/usage/journal/store.ts', text: `await tx.query(\`${sql}\`)\n` }])

const inMigration = (sql: string) =>
  tableFindings([{ path: 'server/usage/journal/schema/0001-first.sql', text: sql }])

test('every statement that writes another area is found', () => {
  const statements = [
    'insert into access_package (id) values ($1)',
    'insert into access_package select * from usage_event',
    'insert into live.access_package (id) values ($1)',
    'update access_package set name = $1',
    'update only access_package as p set name = $1',
    'delete from access_package where id = $1',
    'with gone as (delete from "access_package" p using x where true returning 1) select 1',
    'merge into access_package p using x on true when matched then delete',
    'copy access_package (id) from stdin',
    'truncate table access_package',
    'alter table access_package add column x int',
    'drop table if exists access_package',
    'create table if not exists access_package (id uuid)',
    'create unlogged table control.access_package as select 1',
  ]
  for (const sql of statements) {
    assert.equal(inCode(sql).length, 1, `in code: ${sql}`)
    assert.equal(inMigration(sql).length, 1, `in a migration: ${sql}`)
    const own = sql.replace('access_package', 'usage_event')
    assert.deepEqual(inCode(own), [], own)
  }
})

test('a finding names file, line, table and owner', () => {
  assert.deepEqual(inMigration('-- first\n\ncreate table thing (\n  id uuid\n);\n'), [
    'server/usage/journal/schema/0001-first.sql:3: creates thing; usage writes only tables called usage_…',
  ])
})

test('reading others, upserts, comments, sentences and unknown names are fine', () => {
  const harmless = [
    'select * from access_package for update of access_package',
    'insert into usage_event (id) values ($1) on conflict (id) do update set n = excluded.n',
    '-- delete from access_package where true',
    'insert into ${table} (id) values ($1)',
    'insert into usage_event_${month} (id) values ($1)',
    'to update the package, set its name; delete from the list what you do not need',
  ]
  for (const sql of harmless) assert.deepEqual(inCode(sql), [], sql)
})

test('foreign keys follow the floors', () => {
  const table = (target: string) =>
    `create table usage_event (\n  a uuid not null references ${target} (id)\n);`
  assert.deepEqual(inMigration(table('identity_partner')), [])
  assert.deepEqual(inMigration(table('usage_source')), [])
  assert.match(
    inMigration(table('money_transfer'))[0] ?? '',
    /:2: a foreign key of usage points up or sideways/,
  )
  assert.match(inMigration(table('control.access_package'))[0] ?? '', /up or sideways at access_package/)
})

test('tests and other folders may write what they like', () => {
  const text = 'await tx.query(`delete from access_package where true`)\n'
  const paths = ['server/usage/journal/journal.test.ts', 'tests/support/scene.ts', 'bench/usage.bench.ts']
  for (const path of paths) assert.deepEqual(tableFindings([{ path, text }]), [], path)
})
