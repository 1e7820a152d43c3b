/** `npm run portico -- <noun> <verb> …`, or a verb alone: what an operator does from a shell. */

import { checkContract } from '../server/contracts/documents/documents.ts'
import { auditCommands } from './portico/audit.ts'
import type { Command } from './portico/answer.ts'
import { declarationCommands } from './portico/declaration.ts'
import { keyCommands } from './portico/keys.ts'
import { serviceKeyCommands } from './portico/service-keys.ts'

const commands: Readonly<Record<string, Command>> = {
  'contract check': {
    usage: 'contract check FILE [--default-class public]',
    about: 'say what is understood of an OpenAPI document; exits 1 when it cannot be served',
    async run(args) {
      const [file, option, value, ...rest] = args
      const isPlain = option === undefined
      const isPublic = option === '--default-class' && value === 'public' && rest.length === 0
      if (file === undefined || file.startsWith('-') || !(isPlain || isPublic)) return null
      const color = process.stdout.isTTY && process.stdout.hasColors() && !process.env.NO_COLOR
      const { text, ok } = await checkContract(file, { color, ...(isPublic && { defaultClass: 'public' }) })
      process.stdout.write(text)
      return ok ? 0 : 1
    },
  },
  ...declarationCommands,
  ...keyCommands,
  ...serviceKeyCommands,
  ...auditCommands,
}

/** Of the commands that begin like this; of all where none does. */
function usage([word = '']: readonly string[]): string {
  const all = Object.entries(commands)
  const alike = all.filter(([name]) => name.split(' ')[0] === word)
  const lines = (alike.length > 0 ? alike : all).flatMap(([, { usage: form, about }]) => [
    `  npm run portico -- ${form}`,
    `      ${about}`,
  ])
  const unknown = alike.length === 0 && word !== '' ? `There is no command ${JSON.stringify(word)}.\n` : ''
  return `Usage:\n${lines.join('\n')}\n${unknown}`
}

const asksForHelp = (args: readonly string[]): boolean =>
  args[0] === 'help' || args.includes('--help') || args.includes('-h')

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(usage(args.filter((word) => word !== 'help' && !word.startsWith('-'))))
    return 0
  }
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(' ')
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    const code = await command?.run(args.slice(words))
    if (code !== undefined && code !== null) return code
  }
  process.stderr.write(usage(args))
  return 2
}

process.exitCode = await main(process.argv.slice(2))
