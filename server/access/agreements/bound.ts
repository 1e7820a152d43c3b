/**
 * What of an agreement one person may grant alone: no more than ten times what the package gives, and no price below
 * the package's. Beyond that, and where the package gives nothing to measure by, a second person signs as well.
 */
import type { PackageTerms, Price, Quota, RateLimit } from '#/access/packages/packages.ts'
import type { AgreementTerms, CapabilityOverride } from '#/access/agreements/terms.ts'
import { parseMoney } from '#/kernel/money/money.ts'

/** So many times what the package gives one person may grant. */
export const aloneUpTo = 10

/** `terms` of the package the partner is on; null: on none. */
export function needsSecondPerson(agreement: AgreementTerms, terms: PackageTerms | null): boolean {
  const { limits, capabilities = {} } = agreement.overrides
  if (limits && isMore(limits, terms?.limits)) return true
  // Limits for everything also stand in place of the narrower ones of single capabilities.
  const narrower = Object.entries(terms?.entitlements ?? {}).filter(([name]) => !capabilities[name]?.limits)
  if (limits && narrower.some(([, given]) => given.limits && isMore(limits, given.limits))) return true
  return Object.entries(capabilities).some(([name, override]) => isBeyond(name, override, terms))
}

function isBeyond(name: string, override: CapabilityOverride, terms: PackageTerms | null): boolean {
  const entitlements = terms?.entitlements ?? {}
  const given = Object.hasOwn(entitlements, name) ? entitlements[name] : undefined
  const { limits, quota, price } = override
  if (limits && isMore(limits, given?.limits ?? (given && terms?.limits))) return true
  if (quota && isMoreInAll(quota, given?.quota)) return true
  return price !== undefined && isCheaper(price, given?.price)
}

function isMore(limits: RateLimit, given: RateLimit | null | undefined): boolean {
  if (!given) return true
  return limits.burst > aloneUpTo * given.burst || limits.perSecond > aloneUpTo * given.perSecond
}

/** Amounts of different periods are not compared: that is for two people to judge. */
function isMoreInAll(quota: Quota, given: Quota | undefined): boolean {
  return !given || quota.period !== given.period || quota.amount > aloneUpTo * given.amount
}

function isCheaper(price: Price, given: Price | undefined): boolean {
  const [asked, known] = [parseMoney(price), given && parseMoney(given)]
  if (!asked || !known || asked.currency !== known.currency) return true
  return asked.minor < known.minor
}
