/** `portico.yaml`: what a provider says of itself, read, checked whole, compared with what runs, and applied whole. */
import { publicId } from '#/kernel/id/id.ts'
import type { Applied } from '#/publish/declaration/apply.ts'
import type { AppliedPartner } from '#/publish/declaration/kinds/first-keys.ts'

export type { Applied } from '#/publish/declaration/apply.ts'
export type { Takes } from '#/publish/declaration/compare.ts'
export { exportFiles } from '#/publish/declaration/export.ts'
export type { Exported } from '#/publish/declaration/export.ts'
export { readDeclaration } from '#/publish/declaration/file/read.ts'
export type { AppliedPartner, KnownKey } from '#/publish/declaration/kinds/first-keys.ts'
export { applyFile, applyProvider, planFile } from '#/publish/declaration/run.ts'
export type { FileOptions, Outcome } from '#/publish/declaration/run.ts'

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
