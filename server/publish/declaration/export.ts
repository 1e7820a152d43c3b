/** What runs, as a file that says it: applied to where it came from it changes nothing. */
import { stringify } from 'yaml'
import { readDocument } from '#/contracts/published/published.ts'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import { writtenCapability } from '#/publish/declaration/kinds/capabilities.ts'
import { writtenGate } from '#/publish/declaration/kinds/gates.ts'
import { writtenPackage } from '#/publish/declaration/kinds/packages.ts'
import { writtenPartner } from '#/publish/declaration/kinds/partners.ts'
import { writtenContract, writtenUpstream } from '#/publish/declaration/kinds/upstreams.ts'
import { applier } from '#/publish/declaration/report.ts'
import { readEverything } from '#/publish/declaration/sides.ts'
import { ofKind } from '#/publish/declaration/things.ts'
import type { Fields, Kind, Things } from '#/publish/declaration/things.ts'

export type Exported = {
  /** Texts by the names of their files; `portico.yaml` is one of them. */
  readonly files: ReadonlyMap<string, string>
  /** Short names of partners on no package: a file cannot speak of them. */
  readonly left: readonly string[]
}

export async function exportFiles(database: Database, sealer: Sealer): Promise<Exported> {
  return transact(database.control, applier, async (tx) => {
    const running = await readEverything(tx, sealer)
    const left = ofKind(running, 'partners').filter(({ fields }) => fields.package === undefined)
    const files = new Map([['portico.yaml', textOf(writtenOf(running))]])
    for (const { name, fields } of ofKind(running, 'contracts')) {
      files.set(`${name}.json`, await documentOf(tx, String(fields.document)))
    }
    return { files, left: left.map(({ name }) => name) }
  })
}

async function documentOf(tx: Tx, sha256: string): Promise<string> {
  return `${JSON.stringify(await readDocument(tx, sha256), null, 2)}\n`
}

function writtenOf(running: Things): Written {
  const all = <Value>(kind: Kind, write: (fields: Fields, name: string) => Value) =>
    Object.fromEntries(ofKind(running, kind).map(({ name, fields }) => [name, write(fields, name)]))
  const partners = all('partners', (fields) => (fields.package === undefined ? [] : [writtenPartner(fields)]))
  const gates = all('gates', writtenGate)
  const provider = running.get('provider')?.fields ?? { name: 'Provider' }
  return {
    provider: provider as Written['provider'],
    contracts: all('contracts', writtenContract),
    upstreams: all('upstreams', writtenUpstream),
    ...(Object.keys(gates).length > 0 && { gates }),
    capabilities: all('capabilities', writtenCapability),
    packages: all('packages', writtenPackage),
    partners: Object.fromEntries(
      Object.entries(partners).flatMap(([slug, [one]]) => (one ? [[slug, one]] : [])),
    ),
  }
}

/** In a file `${` begins a variable, and `$${` is the text. */
function textOf(written: Written): string {
  const escape = (_: string, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('${', () => '$${') : value
  return stringify(written, escape, { lineWidth: 0, aliasDuplicateObjects: false })
}
