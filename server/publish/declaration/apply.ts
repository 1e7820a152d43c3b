/**
 * Makes the tables say what the file says, in one transaction: all of it or nothing, and nothing new when it is
 * applied again. What the file does not name stays as it is, except contracts: only those it names are served.
 */
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { assignPackage, declarePackage, findPackage, plainTerms } from '#/access/packages/packages.ts'
import { declareUpstream, publishContract, withdrawOthers } from '#/contracts/published/published.ts'
import type { NewContract, Upstream } from '#/contracts/published/published.ts'
import { createApplication, listApplications } from '#/identity/applications/applications.ts'
import type { Application } from '#/identity/applications/applications.ts'
import { adoptKey, createFirstKey, deriveDemoKey } from '#/identity/keys/keys.ts'
import { createPartner, findPartnerBySlug, renamePartner } from '#/identity/partners/partners.ts'
import type { Partner } from '#/identity/partners/partners.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { parseDuration } from '#/kernel/config/config.ts'
import { withoutSlash } from '#/publish/declaration/check.ts'
import type { Written } from '#/publish/declaration/shape.ts'
import { lockDeclaration } from '#/publish/declaration/store.ts'

/** A file without a mistake. */
export type Declaration = { readonly written: Written; readonly contracts: readonly NewContract[] }

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

export type Applied = { readonly provider: Written['provider']; readonly partners: readonly AppliedPartner[] }

type WrittenPartner = NonNullable<Written['partners']>[string]

export async function applyDeclaration(
  tx: Tx,
  declaration: Declaration,
  firstKeys: FirstKeys,
): Promise<Applied> {
  const { written, contracts } = declaration
  await lockDeclaration(tx)
  for (const [name, upstream] of Object.entries(written.upstreams)) {
    await declareUpstream(tx, upstreamOf(name, upstream))
  }
  for (const contract of contracts) await publishContract(tx, contract)
  await withdrawOthers(
    tx,
    contracts.map((contract) => contract.name),
  )
  for (const [name, capability] of Object.entries(written.capabilities)) {
    await declareCapability(tx, { name, ...capability })
  }
  for (const [name, { title, capabilities }] of Object.entries(written.packages)) {
    await declarePackage(tx, { name, title, terms: plainTerms(capabilities) })
  }
  const partners: AppliedPartner[] = []
  for (const [slug, partner] of Object.entries(written.partners ?? {})) {
    partners.push(await applyPartner(tx, slug, partner, firstKeys))
  }
  return { provider: written.provider, partners }
}

/** Milliseconds. */
const defaultTimeouts = { connect: 2000, headers: 10_000, idle: 30_000 }

function upstreamOf(name: string, { live, sandbox, timeouts = {} }: Written['upstreams'][string]): Upstream {
  const read = (which: keyof typeof defaultTimeouts) =>
    parseDuration(timeouts[which] ?? '') ?? defaultTimeouts[which]
  return {
    name,
    live: withoutSlash(live),
    sandbox: withoutSlash(sandbox),
    connectTimeout: read('connect'),
    headersTimeout: read('headers'),
    idleTimeout: read('idle'),
  }
}

async function applyPartner(
  tx: Tx,
  slug: string,
  written: WrittenPartner,
  firstKeys: FirstKeys,
): Promise<AppliedPartner> {
  const partner =
    (await findPartnerBySlug(tx, slug)) ?? (await createPartner(tx, { slug, name: written.name }))
  await renamePartner(tx, partner.id, written.name)
  await assignPackage(tx, partner.id, await findPackage(tx, written.package))
  const existing = await listApplications(tx, partner.id)
  const keys: KnownKey[] = []
  for (const { name, environments } of written.applications ?? []) {
    for (const environment of environments) {
      const found = existing.find((each) => each.name === name && each.environment === environment)
      const application = found ?? (await createApplication(tx, partner.id, { name, environment }))
      const key = await firstKey(tx, partner, application, firstKeys)
      if (key !== null) keys.push({ environment, application: name, key })
    }
  }
  return { id: partner.id, slug, name: written.name, package: written.package, keys }
}

/** Null when the application had its first key before, and nobody knows it any more. */
async function firstKey(
  tx: Tx,
  partner: Partner,
  application: Application,
  firstKeys: FirstKeys,
): Promise<string | null> {
  const label = 'First key'
  if (firstKeys.from === 'chance') {
    return (await createFirstKey(tx, partner.id, application.id, { label }))?.key ?? null
  }
  const name = `${partner.slug}/${application.name}`
  const text = deriveDemoKey(firstKeys.secret, name, application.environment)
  await adoptKey(tx, partner.id, application.id, { label, text })
  return text
}
