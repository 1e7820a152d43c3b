/** A message reaches a mail server whole, under one id however often it is tried, and its sender signs in. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { smtpTransport } from '#/identity/notices/notices.ts'

type Received = { readonly commands: string[]; readonly content: string }

/** As much of RFC 5321 as one message needs; `refuse` answers the recipient with a refusal for now. */
async function mailServer() {
  const received: Received[] = []
  const state = { refuse: false }
  const server = createServer((socket) => {
    const commands: string[] = []
    let pending = ''
    let content: string | null = null
    const say = (line: string) => void socket.write(`${line}\r\n`)
    const answer = (line: string) => {
      commands.push(line)
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'EHLO') return say('250-mail.test\r\n250 AUTH PLAIN')
      if (verb === 'AUTH') return say('235 welcome')
      if (verb === 'RCPT' && state.refuse) return say('450 mailbox is busy')
      if (verb === 'DATA') content = ''
      if (verb === 'QUIT') return void socket.end('221 bye\r\n')
      return say(verb === 'DATA' ? '354 go on' : '250 ok')
    }
    socket.on('data', (bytes) => {
      pending += bytes.toString()
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end)
        pending = pending.slice(end + 2)
        if (content === null) answer(line)
        else if (line === '.') {
          received.push({ commands: [...commands], content })
          content = null
          say('250 taken')
        } else content += `${line}\n`
      }
    })
    socket.on('error', () => {})
    say('220 mail.test')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  const { port } = server.address() as AddressInfo
  return { received, state, url: `smtp://sender:secret@127.0.0.1:${port}?ignoreTLS=true` }
}

const message = {
  to: 'ada@helio.example',
  subject: 'Grüße',
  text: 'Hello Ada,\n\nhttps://portal.example/x\n.\nbye\n',
}

test('what is sent arrives, from the address of the settings, to its reader alone', async () => {
  const { received, url } = await mailServer()
  await smtpTransport(url, 'Portico <portico@provider.example>')('mail-1', message)
  const [{ commands, content } = { commands: [], content: '' }] = received
  assert.ok(commands.some((line) => line.startsWith('AUTH PLAIN')))
  assert.ok(commands.some((line) => line.startsWith('MAIL FROM:<portico@provider.example>')))
  assert.deepEqual(
    commands.filter((line) => line.startsWith('RCPT')),
    ['RCPT TO:<ada@helio.example>'],
  )
  assert.match(content, /^Message-ID: <mail-1@portico>$/im)
  assert.match(content, /^To: ada@helio\.example$/m)
  assert.match(content, /^Subject: =\?UTF-8\?/m)
  assert.match(content, /^https:\/\/portal\.example\/x$/m)
  assert.match(content, /^bye$/m)
})

test('a refusal is thrown with its kind, and the next try has the same id', async () => {
  const { received, state, url } = await mailServer()
  const send = smtpTransport(url, 'portico@provider.example')
  state.refuse = true
  await assert.rejects(send('mail-2', message), { code: 'EENVELOPE' })
  state.refuse = false
  await send('mail-2', message)
  assert.equal(received.length, 1)
  assert.match(received[0]!.content, /<mail-2@portico>/)
})

test('an address or a subject with a line break in it adds no header and no reader', async () => {
  const { received, url } = await mailServer()
  const send = smtpTransport(url, 'portico@provider.example')
  await send('mail-3', { ...message, subject: 'a\r\nBcc: eve@evil.example' })
  const [{ commands, content } = { commands: [], content: '' }] = received
  assert.equal(commands.filter((line) => line.startsWith('RCPT')).length, 1)
  assert.ok(!/^Bcc:/m.test(content))
})
