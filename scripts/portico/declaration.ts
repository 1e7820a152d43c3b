/** `npm run portico -- plan`, `apply`, `export`: the provider's file against what runs. Against DATABASE_URL, else the embedded database. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createSealer } from '../../server/kernel/crypto/crypto.ts'
import type { Config } from '../../server/kernel/config/config.ts'
import type { Database } from '../../server/kernel/db/db.ts'
import { applyFile, exportFiles, planFile } from '../../server/publish/declaration/declaration.ts'
import type { AppliedPartner, Outcome, Takes } from '../../server/publish/declaration/declaration.ts'
import { root, table } from '../commands.ts'
import type { Command } from './answer.ts'
import { inInstallation, keyInUse, sentenceOf } from './installation.ts'

const takes = '[--take file|running[:PATH]]…'

export const declarationCommands: Readonly<Record<string, Command>> = {
  plan: {
    usage: `plan [FILE] ${takes}`,
    about: 'say what applying the file (PORTICO_CONFIG) would change; exits 0 nothing, 2 changes, 1 refused',
    run: (args) => whole(args, async (asked) => codeOf(await tell(asked, planFile))),
  },
  apply: {
    usage: `apply [FILE] ${takes}`,
    about: 'make what runs what the file says, all of it or nothing; exits 1 when it was refused',
    run: (args) =>
      whole(args, async (asked) => ((await tell(asked, applyFile)).verdict === 'refused' ? 1 : 0)),
  },
  export: {
    usage: 'export FOLDER',
    about: 'write what runs as portico.yaml with its documents, into a folder that has none yet',
    run: (args) => whole(args, async ({ file }) => exportTo(file)),
  },
}

type Asked = { readonly file: string | undefined; readonly takes: Takes }

/** Wrong usage is 1 here, as every failure: 2 is a plan with changes. */
async function whole(args: readonly string[], work: (asked: Asked) => Promise<number>): Promise<number> {
  try {
    return await work(parse(args))
  } catch (error) {
    process.stderr.write(`portico: ${sentenceOf(error)}\n`)
    return 1
  }
}

function parse(args: readonly string[]): Asked {
  const { positionals, values } = parseArgs({
    args: [...args],
    options: { take: { type: 'string', multiple: true } },
    allowPositionals: true,
  })
  if (positionals.length > 1) throw new Error(`${positionals[1]} is one argument too many`)
  return { file: positionals[0], takes: new Map((values.take ?? []).map(readTake)) }
}

function readTake(text: string): [string, 'file' | 'running'] {
  const [, side, path = ''] = /^(file|running)(?::(.+))?$/.exec(text) ?? []
  if (side !== 'file' && side !== 'running') {
    throw new Error(`--take ${text} is neither file nor running, with or without :PATH`)
  }
  return [path, side]
}

async function tell(
  asked: Asked,
  work: (options: Parameters<typeof planFile>[0]) => Promise<Outcome>,
): Promise<Outcome> {
  const outcome = await inInstallation(async (database: Database, config) => {
    const named = nameFile(asked.file, config)
    const sealer = createSealer(keyInUse(config))
    return work({ ...named, database, sealer, takes: asked.takes })
  }, true)
  process.stdout.write(outcome.text + keysOf(outcome.partners))
  return outcome
}

/** What the arguments name, else PORTICO_CONFIG, else the demo where that is what was installed. */
function nameFile(file: string | undefined, config: Config) {
  const demo = join(config.data, 'demo.json')
  const provider = file ?? config.provider
  if (provider) return { provider, environment: process.env, demo: false }
  if (!existsSync(demo)) throw new Error('no file was named; say which, or set PORTICO_CONFIG')
  const { live, sandbox } = (JSON.parse(readFileSync(demo, 'utf8')) as Demo).provider
  const environment = { ...process.env, SOLSTICE_LIVE_URL: live, SOLSTICE_SANDBOX_URL: sandbox }
  return { provider: join(root, 'examples/solstice/portico.yaml'), environment, demo: true }
}

type Demo = { readonly provider: { readonly live: string; readonly sandbox: string } }

function codeOf({ verdict }: Outcome): number {
  return { nothing: 0, changes: 2, refused: 1 }[verdict]
}

function keysOf(partners: readonly AppliedPartner[]): string {
  const rows = partners.flatMap(({ name, keys }) =>
    keys.map(({ environment, application, key }) => [name, application, environment, key]),
  )
  return rows.length === 0
    ? ''
    : `\nNew API keys, shown this once\n${table([['partner', 'application', 'environment', 'key'], ...rows])}\n`
}

async function exportTo(folder: string | undefined): Promise<number> {
  if (folder === undefined) throw new Error('say into which folder')
  const { files, left } = await inInstallation((database, config) =>
    exportFiles(database, createSealer(keyInUse(config))),
  )
  const taken = [...files.keys()].find((name) => existsSync(join(folder, name)))
  if (taken) throw new Error(`${join(folder, taken)} is there already; export into another folder`)
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of files) writeFileSync(join(folder, name), text)
  process.stdout.write(`Wrote ${[...files.keys()].map((name) => join(folder, name)).join(', ')}.\n`)
  if (left.length > 0)
    process.stdout.write(`On no package, and therefore not in the file: ${left.join(', ')}.\n`)
  return 0
}
