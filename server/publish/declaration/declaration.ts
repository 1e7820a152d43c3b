/** `portico.yaml`: what a provider says of itself, read, checked whole, and applied whole. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError } from '#/kernel/config/config.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database } from '#/kernel/db/db.ts'
import { publicId } from '#/kernel/id/id.ts'
import { applyDeclaration } from '#/publish/declaration/apply.ts'
import type { Applied, AppliedPartner, Declaration } from '#/publish/declaration/apply.ts'
import { checkReferences, checkShape } from '#/publish/declaration/check.ts'
import { readContracts } from '#/publish/declaration/contracts.ts'
import { readSource } from '#/publish/declaration/source.ts'

export type { Applied, AppliedPartner, KnownKey } from '#/publish/declaration/apply.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Throws `ConfigError` with every mistake: `portico.yaml:14 packages.pro.capabilities.2: there is no capability …`. */
export async function readDeclaration(file: string, environment: Environment): Promise<Declaration> {
  const { value, mistakes } = readSource(file, readText(file), environment)
  const written = value === null && mistakes.lines().length > 0 ? null : checkShape(value, mistakes)
  if (written) checkReferences(written, mistakes)
  const contracts = written ? await readContracts(written, dirname(file), mistakes) : []
  const lines = mistakes.lines()
  if (written === null || lines.length > 0) throw new ConfigError(lines)
  return { written, contracts }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([`${file} cannot be read: ${(cause as Error).message}`])
  }
}

/** Reads the file and makes the tables say what it says. Throws `ConfigError`, and then nothing was changed. */
export async function applyProvider(options: {
  readonly provider: string
  readonly environment: Environment
  /** The demo's keys are derived from a secret of the database, so that they are the same at every start. */
  readonly demo: boolean
  readonly database: Database
}): Promise<Applied> {
  const { database, demo } = options
  const declaration = await readDeclaration(options.provider, options.environment)
  const firstKeys = demo
    ? ({ from: 'secret', secret: database.demoSecret } as const)
    : ({ from: 'chance' } as const)
  const actor = { kind: 'system', name: 'declaration' } as const
  return transact(database.control, actor, (tx) => applyDeclaration(tx, declaration, firstKeys))
}

type DemoPartner = {
  readonly id: string
  readonly name: string
  readonly member?: { readonly email: string; readonly password: string }
  readonly live: { readonly apiKey: string }
  readonly sandbox: { readonly apiKey: string }
}

/** The demo's partners by the package they are on, as they stand in `.portico/demo.json`. */
export function demoPartners(
  applied: Applied,
  members: ReadonlyMap<string, { readonly email: string; readonly password: string }> = new Map(),
): Readonly<Record<string, DemoPartner>> {
  const keyOf = (partner: AppliedPartner, environment: 'live' | 'sandbox') => {
    const found = partner.keys.find((each) => each.environment === environment)
    if (!found) throw new Error(`${partner.name} has no ${environment} key`)
    return { apiKey: found.key }
  }
  return Object.fromEntries(
    applied.partners.map((partner) => [
      partner.package,
      {
        id: publicId('ptn', partner.id),
        name: partner.name,
        ...(members.has(partner.id) && { member: members.get(partner.id)! }),
        live: keyOf(partner, 'live'),
        sandbox: keyOf(partner, 'sandbox'),
      },
    ]),
  )
}
