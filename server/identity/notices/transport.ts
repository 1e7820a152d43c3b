/** The way out of a message: a mail server where one is set, else a file in a folder, named on the terminal. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'

export type Message = { readonly to: string; readonly subject: string; readonly text: string }

/** Resolves once somebody else has the message. */
export type Transport = (id: string, message: Message) => Promise<void>

const patience = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 }

/** `url`: `smtp://user:password@host:587` or `smtps://…`. */
export function smtpTransport(url: string, from: string): Transport {
  const transporter = createTransport({ url, ...patience })
  return async (id, message) => {
    // The same id on every attempt: a server that was told twice can see that it is one message.
    await transporter.sendMail({ from, ...message, messageId: `<${id}@portico>` })
  }
}

/** For development and the demo. `told` hears where each message lies. */
export function folderTransport(
  folder: string,
  from: string,
  told: (file: string, message: Message) => void,
): Transport {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' })
  return async (id, message) => {
    const composed = await composer.sendMail({ from, ...message, messageId: `<${id}@portico>` })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = join(folder, `${id}.eml`)
    writeFileSync(`${file}.new`, composed.message as Buffer, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    told(file, message)
  }
}
