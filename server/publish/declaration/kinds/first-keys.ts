/** The first key of each application that the file names. It is shown once; only the demo's are known at every start. */
import { listApplications } from '#/identity/applications/applications.ts'
import type { Application } from '#/identity/applications/applications.ts'
import { adoptKey, createFirstKey, deriveDemoKey } from '#/identity/keys/keys.ts'
import type { Partner } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import type { WrittenPartner } from '#/publish/declaration/file/shape.ts'

/** Where first keys come from: chance, or, for the demo, a secret that gives the same ones at every start. */
export type FirstKeys = { readonly from: 'chance' } | { readonly from: 'secret'; readonly secret: string }

/** A key whose text is known now. */
export type KnownKey = {
  readonly environment: Application['environment']
  readonly application: string
  readonly key: string
}

export type AppliedPartner = {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly package: string
  /** Of the demo all first keys; else those that were made just now, and will never be shown again. */
  readonly keys: readonly KnownKey[]
}

/** `makes`: false where nothing may be written; then only what can be computed is known. */
export async function firstKeysOf(
  tx: Tx,
  partner: Partner,
  written: WrittenPartner,
  options: { readonly firstKeys: FirstKeys; readonly makes: boolean },
): Promise<AppliedPartner> {
  const existing = await listApplications(tx, partner.id)
  const keys: KnownKey[] = []
  for (const { name, environments } of written.applications ?? []) {
    for (const environment of environments) {
      const application = existing.find((each) => each.name === name && each.environment === environment)
      const key = application ? await firstKey(tx, partner, application, options) : null
      if (key !== null) keys.push({ environment, application: name, key })
    }
  }
  const [on = ''] = written.package.split('@')
  return { id: partner.id, slug: partner.slug, name: partner.name, package: on, keys }
}

/** Null when the application had its first key before, and nobody knows it any more. */
async function firstKey(
  tx: Tx,
  partner: Partner,
  application: Application,
  { firstKeys, makes }: { readonly firstKeys: FirstKeys; readonly makes: boolean },
): Promise<string | null> {
  const label = 'First key'
  if (firstKeys.from === 'chance') {
    return makes ? ((await createFirstKey(tx, partner.id, application.id, { label }))?.key ?? null) : null
  }
  const text = deriveDemoKey(firstKeys.secret, `${partner.slug}/${application.name}`, application.environment)
  if (makes) await adoptKey(tx, partner.id, application.id, { label, text })
  return text
}
