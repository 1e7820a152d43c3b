/** What the person who starts the program reads, and what a script reads in its place (`demo.json`). */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App } from '#/app.ts'
import type { Config } from '#/kernel/config/config.ts'
import { demoPartners } from '#/publish/declaration/declaration.ts'
import type { Applied } from '#/publish/declaration/declaration.ts'

export type Addresses = {
  readonly publicUrl: string
  readonly adminUrl: string
  /** Where the demo provider listens, in the demo. */
  readonly demo: Record<string, string> | null
}

/** Writes the demo's facts and returns the text for the terminal. */
export function welcome(
  config: Config,
  addresses: Addresses,
  { applied, demoPeople }: Pick<App, 'applied' | 'demoPeople'>,
): string {
  const { publicUrl, adminUrl, demo } = addresses
  const file = join(config.data, 'demo.json')
  if (demo) {
    const provider = { live: demo.SOLSTICE_LIVE_URL, sandbox: demo.SOLSTICE_SANDBOX_URL }
    const partners = demoPartners(applied, demoPeople?.members)
    const facts = { publicUrl, adminUrl, operator: demoPeople?.operator, provider, partners }
    // Whole or not at all: whoever waits for the file may read it the moment it is there.
    writeFileSync(`${file}.new`, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  const lines = [
    '',
    `Portico serves ${applied.provider.name}`,
    `  partners    ${publicUrl}`,
    `  operators   ${adminUrl}`,
    ...keyLines(applied, demo !== null),
    ...(demo ? ['', 'Try it:', ...demoCalls(publicUrl, applied), ''] : []),
    ...(demo ? [`These facts, and the passwords people sign in with, stand in ${file}.`] : []),
    'Stop with Ctrl-C; open calls finish first.',
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** Keys that are known now: the demo's at every start, a provider's own when they are made. */
function keyLines(applied: Applied, demo: boolean): string[] {
  const rows = applied.partners.flatMap((partner) =>
    partner.keys.map((key) => [partner.name, partner.package, key.environment, key.key]),
  )
  if (rows.length === 0) return []
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`
  return ['', demo ? 'API keys' : 'New API keys, shown this once', ...rows.map(line)]
}

/** Three calls that work when pasted: one that is allowed, one that is refused with its reason, and what was counted. */
function demoCalls(publicUrl: string, applied: Applied): string[] {
  const starter = applied.partners.find((partner) => partner.package === 'starter')
  const key = starter?.keys.find(({ environment }) => environment === 'live')?.key ?? ''
  // The answers end without a newline; in a terminal they would run into each other.
  const curl = (path: string) => `  curl -sS -w '\\n' -H 'Authorization: Bearer ${key}' '${publicUrl}${path}'`
  // Calls are counted within half a second: pasted together, the third would be too early.
  return [curl('/api/products?limit=2'), `${curl('/api/designs')}; sleep 1`, curl('/partner/usage')]
}
