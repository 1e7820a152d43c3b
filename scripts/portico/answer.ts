/** What the commands of the shell have in common: arguments in, one transaction, one text out. */

import { parseArgs } from 'node:util'
import { transact } from '../../server/kernel/db/db.ts'
import type { Tx } from '../../server/kernel/db/db.ts'
import { inInstallation, sentenceOf } from './installation.ts'

/** Gives what is printed. */
export type Work = (tx: Tx) => Promise<string>

export type Command = {
  readonly usage: string
  readonly about: string
  /** Exit code; null: the arguments are not of its form. */
  run(args: readonly string[]): Promise<number | null>
}

export type Options = Readonly<Record<string, string | undefined>>

export type Form = {
  readonly options?: Readonly<Record<string, { readonly type: 'string' }>>
  /** How many arguments stand without a name; a range where one of them is optional. */
  readonly arguments: readonly [least: number, most: number]
  /** Whether it changes something, which then stands in the audit. */
  readonly changes: boolean
}

/** Null from `prepare`, and arguments that cannot be parsed, are wrong usage. */
export async function answer(
  args: readonly string[],
  form: Form,
  prepare: (positionals: readonly string[], options: Options) => Work | null,
): Promise<number | null> {
  const parsed = parse(args, form.options ?? {})
  const [least, most] = form.arguments
  if (parsed === null || parsed.positionals.length < least || parsed.positionals.length > most) return null
  const work = prepare(parsed.positionals, parsed.values)
  if (work === null) return null
  const actor = { kind: 'system', name: 'command line' } as const
  try {
    const text = await inInstallation((database) => transact(database.control, actor, work), form.changes)
    process.stdout.write(`${text}\n`)
    return 0
  } catch (error) {
    process.stderr.write(`portico: ${sentenceOf(error)}\n`)
    return 1
  }
}

function parse(args: readonly string[], options: NonNullable<Form['options']>) {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { ...options },
      allowPositionals: true,
    })
    return { positionals, values: values as Options }
  } catch {
    return null
  }
}

/** In how many days, for an option; null: that is no number of days. */
export function daysFromNow(text: string | undefined): { readonly at: Date | null } | null {
  if (text === undefined) return { at: null }
  if (!/^[1-9]\d{0,4}$/.test(text)) return null
  return { at: new Date(Date.now() + Number(text) * 86_400_000) }
}
