/** A database that does not fit is refused in one sentence, before anything in it is changed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { migrate } from '#/kernel/db/db.ts'
import { emptyDatabase } from '../../../tests/support/database.ts'

describe('a user with too few rights', () => {
  let url = ''
  let drop: () => Promise<void> = async () => {}
  const name = `plain_${randomBytes(4).toString('hex')}`
  const made: string[] = [name]

  before(async () => {
    ;({ url, drop } = await emptyDatabase())
    await run(url, `create role ${name} login password 'x'`)
  })
  after(async () => {
    await drop()
    // Roles belong to the server, not to the database.
    await run(new URL('/postgres', url).href, `drop role ${made.join(', ')}`)
  })

  const asPlain = (): string => {
    const changed = new URL(url)
    changed.username = name
    changed.password = 'x'
    return changed.href
  }

  test('who may not create roles', async () => {
    await assert.rejects(
      migrate(asPlain()),
      new RegExp(`${name} may not create .*: alter role .* createrole`),
    )
  })

  test('who does not own the database; and nothing was changed', async () => {
    await run(url, `alter role ${name} createrole`)
    await assert.rejects(migrate(asPlain()), new RegExp(`${name} may not create schemas; .* owner to`))
    const found = await run(url, `select nspname from pg_namespace where nspname = 'control'`)
    assert.equal(found.rowCount, 0)
  })

  test('an owner who may create roles is enough; no superuser is needed', async () => {
    const database = new URL(url).pathname.slice(1)
    await run(url, `alter database ${database} owner to ${name}`)
    const roles = await migrate(asPlain())
    made.unshift(...['control', 'live', 'sandbox'].map((world) => `${roles.prefix}_${world}`))
    assert.deepEqual(await migrate(asPlain()), roles, 'and again')
    await run(url, `alter database ${database} owner to current_user`)
  })
})

test("the demo and a provider of its own do not take each other's place", async () => {
  for (const [first, second, why] of [
    ['demo', 'provider', /holds the demo/],
    ['provider', 'demo', /holds a provider of its own.*PORTICO_CONFIG/],
  ] as const) {
    const { url, drop } = await emptyDatabase()
    const { prefix } = await migrate(url, [], first)
    await assert.rejects(migrate(url, [], second), why)
    assert.equal((await migrate(url, [], first)).prefix, prefix)
    assert.equal((await migrate(url)).prefix, prefix, 'who only looks in need not say')
    await drop()
    await run(
      new URL('/postgres', url).href,
      `drop role ${prefix}_control, ${prefix}_live, ${prefix}_sandbox`,
    )
  }
})

test('a server that is too old', async () => {
  const old = await oldServer('140010')
  try {
    await assert.rejects(migrate(old.url), /is PostgreSQL 14; Portico needs 15 or later/)
  } finally {
    old.close()
  }
})

test('a server that is not there, without its password', async () => {
  await assert.rejects(migrate('postgres://u:hunter2@127.0.0.1:1/d'), (error: Error) => {
    assert.match(error.message, /^The database at 127\.0\.0\.1:1\/d cannot be opened: /)
    assert.ok(!error.message.includes('hunter2'))
    return true
  })
})

async function run(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

/** Speaks as much of the protocol as it takes to say its version. */
async function oldServer(version: string): Promise<{ url: string; close(): void }> {
  const message = (type: string, body: Buffer) => {
    const head = Buffer.alloc(5)
    head.write(type)
    head.writeInt32BE(body.length + 4, 1)
    return Buffer.concat([head, body])
  }
  const ready = message('Z', Buffer.from('I'))
  const described = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.from('server_version_num\0'),
    Buffer.alloc(18),
  ])
  described.writeInt32BE(25, described.length - 12)
  const row = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, version.length]), Buffer.from(version)])
  const answer = [message('T', described), message('D', row), message('C', Buffer.from('SHOW\0')), ready]
  const server = createServer((socket) => {
    let greeted = false
    socket.on('data', (bytes) => {
      if (!greeted) socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
      else if (bytes[0] === 'Q'.charCodeAt(0)) socket.write(Buffer.concat(answer))
      else socket.end()
      greeted = true
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `postgres://u:p@127.0.0.1:${port}/d`, close: () => server.close() }
}
