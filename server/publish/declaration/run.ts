/** The three who apply a file: a plan, which takes it back; the command; and the start of a node. */
import { ConfigError } from '#/kernel/config/config.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import type { Log } from '#/kernel/log/log.ts'
import { applyDeclaration, keysOf } from '#/publish/declaration/apply.ts'
import type { Applied, Done } from '#/publish/declaration/apply.ts'
import type { Takes } from '#/publish/declaration/compare.ts'
import { readDeclaration } from '#/publish/declaration/file/read.ts'
import type { Environment } from '#/publish/declaration/file/read.ts'
import type { AppliedPartner, FirstKeys } from '#/publish/declaration/kinds/first-keys.ts'
import { inShort, print } from '#/publish/declaration/print.ts'
import { applier, reportOn } from '#/publish/declaration/report.ts'

export type FileOptions = {
  readonly provider: string
  readonly environment: Environment
  /** The demo's keys are derived from a secret of the database, so that they are the same at every start. */
  readonly demo: boolean
  readonly database: Database
  readonly sealer: Sealer
}

export type Outcome = {
  /** What there is to do, what is left alone and what is refused, for a person. */
  readonly text: string
  readonly verdict: 'nothing' | 'changes' | 'refused'
  /** Those that the file names, with the keys that were made; none unless it was applied. */
  readonly partners: readonly AppliedPartner[]
}

type Chosen = FileOptions & { readonly takes: Takes }

/** What applying the file would come to. It is applied and taken back, so that nothing is foreseen wrongly. */
export async function planFile(options: Chosen): Promise<Outcome> {
  return run(options, false)
}

/** Applies the file where nothing stands against it; else nothing is changed. */
export async function applyFile(options: Chosen): Promise<Outcome> {
  return run(options, true)
}

async function run(options: Chosen, keeps: boolean): Promise<Outcome> {
  const declaration = await readDeclaration(options.provider, options.environment)
  return tried(options.database, async (tx) => {
    const { takes, sealer } = options
    const how = { firstKeys: firstKeysFor(options), takes, sealer, counts: true }
    const done = await applyDeclaration(tx, declaration, how)
    const verdict = verdictOf(done)
    const isKept = keeps && verdict !== 'refused'
    const text = print(await reportOn(tx, done), { locate: declaration.locate, isDone: isKept })
    return { outcome: { text, verdict, partners: isKept ? done.partners : [] }, isKept }
  })
}

/**
 * Applies the file at a start. What somebody changed by hand stays; where that stands against the file nothing of it
 * is applied, loudly, and the node serves what there is. Only a mistake in the file stops the start, and what cannot
 * be applied where nothing runs yet. Throws `ConfigError`.
 */
export async function applyProvider(options: FileOptions & { readonly log: Log }): Promise<Applied> {
  const { database, log, sealer } = options
  const declaration = await readDeclaration(options.provider, options.environment)
  const { written, locate } = declaration
  const firstKeys = firstKeysFor(options)
  const { refused, left, partners } = await tried(database, async (tx) => {
    const how = { firstKeys, takes: new Map(), sealer, counts: false }
    const done = await applyDeclaration(tx, declaration, how)
    const { refused, left } = inShort(await reportOn(tx, done), locate)
    if (refused.length > 0 && done.sides.running.size === 0) throw new ConfigError(refused)
    return { outcome: { refused, left, partners: done.partners }, isKept: refused.length === 0 }
  }).catch(unlessHeld)
  if (left.length > 0) log.warn({ event: 'declaration.changed_by_hand', left })
  if (refused.length === 0) return { provider: written.provider, partners }
  log.error({ event: 'declaration.refused', refused }, 'nothing of the file was applied; what runs is served')
  const known = await transact(database.control, applier, (tx) =>
    keysOf(tx, written, { firstKeys, makes: false }),
  )
  return { provider: written.provider, partners: known }
}

/** Somebody changed things by hand for longer than locks are waited for (SQLSTATE 55P03): no reason not to start. */
function unlessHeld(error: unknown) {
  if ((error as { code?: string }).code !== '55P03') throw error
  return { refused: ['what the file names is being changed by somebody else'], left: [], partners: [] }
}

function firstKeysFor({ demo, database }: FileOptions): FirstKeys {
  return demo ? { from: 'secret', secret: database.demoSecret } : { from: 'chance' }
}

function verdictOf({ changes, moves, conflicts, refusals }: Done): Outcome['verdict'] {
  if (conflicts.length + refusals.length > 0) return 'refused'
  return changes.length + moves.length > 0 ? 'changes' : 'nothing'
}

/** A transaction whose outcome is known also when it is taken back. */
async function tried<T>(
  database: Database,
  work: (tx: Tx) => Promise<{ readonly outcome: T; readonly isKept: boolean }>,
): Promise<T> {
  const undone = new Error('taken back')
  let outcome: T | undefined
  try {
    return await transact(database.control, applier, async (tx) => {
      const result = await work(tx)
      outcome = result.outcome
      if (!result.isKept) throw undone
      return result.outcome
    })
  } catch (error) {
    if (error !== undone) throw error
    return outcome as T
  }
}
