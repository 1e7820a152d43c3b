/** What gates, capabilities, packages and partners say of each other that is not so. */
import { ownCapability } from '#/access/capabilities/capabilities.ts'
import { parseMoney } from '#/kernel/money/money.ts'
import type { Written, WrittenCapability, WrittenPackage } from '#/publish/declaration/file/shape.ts'
import type { Mistakes, Path } from '#/publish/declaration/file/source.ts'
import { checkRollout, timeOf } from '#/publish/declaration/file/stages.ts'

export function checkAccess(written: Written, mistakes: Mistakes): void {
  const { gates = {}, capabilities, packages } = written
  if (Object.hasOwn(capabilities, ownCapability)) {
    mistakes.add(['capabilities', ownCapability], "is Portico's own and needs no line")
  }
  for (const [name, capability] of Object.entries(capabilities)) {
    const path = ['capabilities', name]
    checkSuccessor(path, name, capabilities, mistakes)
    for (const [i, gate] of (capability.gates ?? []).entries()) {
      if (!Object.hasOwn(gates, gate)) mistakes.add([...path, 'gates', i], `there is no gate ${gate}`)
    }
    checkEvidence(path, capability, Object.keys(gates), mistakes)
    checkRollout([...path, 'rollout'], capability.rollout, mistakes)
  }
  for (const [name, each] of Object.entries(packages)) {
    checkContents(['packages', name], each, Object.keys(capabilities), mistakes)
  }
}

function checkSuccessor(
  path: Path,
  name: string,
  capabilities: Written['capabilities'],
  mistakes: Mistakes,
): void {
  const successorOf = (from: string) =>
    Object.hasOwn(capabilities, from) ? capabilities[from]?.successor : undefined
  const first = successorOf(name)
  if (first === undefined) return
  const at = [...path, 'successor']
  if (!Object.hasOwn(capabilities, first)) return mistakes.add(at, `there is no capability ${first}`)
  const seen = new Set<string>()
  for (
    let next: string | undefined = first;
    next !== undefined && !seen.has(next);
    next = successorOf(next)
  ) {
    if (next === name) return mistakes.add(at, `comes back to ${name}: a circle`)
    seen.add(next)
  }
}

function checkEvidence(
  path: Path,
  capability: WrittenCapability,
  gates: readonly string[],
  mistakes: Mistakes,
): void {
  const seen = new Set<string>()
  for (const [i, evidence] of (capability.evidence ?? []).entries()) {
    const { gate, kind, reference, signedBy, on, until } = evidence
    const at = [...path, 'evidence', i]
    if (!gates.includes(gate)) mistakes.add([...at, 'gate'], `there is no gate ${gate}`)
    if (kind === 'sign-off' && signedBy === undefined)
      mistakes.add(at, 'a sign-off says who signed: signedBy')
    if (until !== undefined && timeOf(until) <= timeOf(on))
      mistakes.add([...at, 'until'], 'does not come after on')
    if (seen.has(`${gate} ${reference}`)) mistakes.add(at, `is the same evidence of ${gate} once more`)
    seen.add(`${gate} ${reference}`)
  }
}

function checkContents(
  path: Path,
  { capabilities = [], entitlements = {} }: WrittenPackage,
  known: readonly string[],
  mistakes: Mistakes,
): void {
  const check = (at: Path, capability: string) => {
    if (capability === ownCapability) mistakes.add(at, `${capability} is in every package and needs no line`)
    else if (!known.includes(capability)) mistakes.add(at, `there is no capability ${capability}`)
  }
  for (const [i, capability] of capabilities.entries()) check([...path, 'capabilities', i], capability)
  for (const [capability, said] of Object.entries(entitlements)) {
    const at = [...path, 'entitlements', capability]
    check(at, capability)
    if (capabilities.includes(capability)) mistakes.add(at, 'stands in capabilities too')
    if (said === false) mistakes.add(at, 'can only be true')
    if (typeof said === 'boolean') continue
    if (said.quota && said.value !== undefined) mistakes.add(at, 'has a quota or a value, not both')
    if (said.price && !isPrice(said.price))
      mistakes.add([...at, 'price'], "is no price such as { amount: '0.02', currency: EUR }")
  }
}

function isPrice(price: { readonly amount: string; readonly currency: string }): boolean {
  const money = currencies.has(price.currency) ? parseMoney(price) : null
  return money !== null && money.minor >= 0n
}

const currencies = new Set(Intl.supportedValuesOf('currency'))

export function checkPartners({ packages, partners = {} }: Written, mistakes: Mistakes): void {
  for (const [slug, partner] of Object.entries(partners)) {
    const [name = ''] = partner.package.split('@')
    if (!Object.hasOwn(packages, name)) {
      mistakes.add(['partners', slug, 'package'], `there is no package ${name}`)
    }
    for (const reserved of ['package', 'slug']) {
      if (!Object.hasOwn(partner.attributes ?? {}, reserved)) continue
      mistakes.add(['partners', slug, 'attributes', reserved], 'every partner has this one of itself')
    }
    checkApplications(['partners', slug, 'applications'], partner.applications ?? [], mistakes)
  }
}

function checkApplications(
  path: Path,
  applications: readonly { readonly name: string }[],
  mistakes: Mistakes,
): void {
  const names = applications.map((application) => application.name)
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) < i) mistakes.add([...path, i, 'name'], `another application is called ${name}`)
  }
}
