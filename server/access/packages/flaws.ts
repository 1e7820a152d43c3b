/** What the terms of a package cannot say. The routes and the file check the form; this checks the sense. */
import type { Entitlement, PackageTerms, Price, RateLimit } from '#/access/packages/terms.ts'
import { parseMoney } from '#/kernel/money/money.ts'
import type { ProblemError } from '#/kernel/problem/problem.ts'

const currencies = new Set(Intl.supportedValuesOf('currency'))
const periods: readonly string[] = ['day', 'month', 'billing-period']

type Say = (pointer: string, code: string, detail: string) => void

/** Everything that cannot be right, with its place; `known` are the names of the capabilities there are. */
export function flaws(terms: PackageTerms, known: ReadonlySet<string>): readonly ProblemError[] {
  const found: ProblemError[] = []
  const say: Say = (pointer, code, detail) =>
    found.push({ in: 'body', pointer: `#/terms/${pointer}`, code, detail })
  for (const [name, entitlement] of Object.entries(terms.entitlements)) {
    const place = `entitlements/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!known.has(name)) say(place, 'unknown', 'is no capability that was declared')
    checkEntitlement(entitlement, (pointer, code, detail) => say(`${place}${pointer}`, code, detail))
  }
  if (terms.limits)
    checkLimits(terms.limits, (pointer, code, detail) => say(`limits${pointer}`, code, detail))
  const { environments, support, sla } = terms
  if (environments.length === 0 || new Set(environments).size < environments.length)
    say('environments', 'format', 'names at least one environment, each once')
  if (support.trim() === '') say('support', 'format', 'is empty')
  if (sla?.trim() === '') say('sla', 'format', 'is empty; null says that there is none')
  return found
}

function checkEntitlement({ kind, value, quota, limits, price }: Entitlement, say: Say): void {
  if ((kind === 'static') !== (value !== undefined))
    say('/value', 'kind', value === undefined ? 'is missing' : 'belongs to a static entitlement only')
  if ((kind === 'metered') !== (quota !== undefined))
    say('/quota', 'kind', quota === undefined ? 'is missing' : 'belongs to a metered entitlement only')
  if (quota && !isCount(quota.amount)) say('/quota/amount', 'range', 'is a whole number above zero')
  if (quota && !periods.includes(quota.period))
    say('/quota/period', 'format', `is one of ${periods.join(', ')}`)
  if (limits) checkLimits(limits, (pointer, code, detail) => say(`/limits${pointer}`, code, detail))
  if (price) checkPrice(price, say)
}

function checkLimits({ burst, perSecond }: RateLimit, say: Say): void {
  if (!isCount(burst)) say('/burst', 'range', 'is a whole number above zero')
  if (!Number.isFinite(perSecond) || perSecond <= 0) say('/perSecond', 'range', 'is above zero')
}

function checkPrice(price: Price, say: Say): void {
  if (!currencies.has(price.currency)) {
    say('/price/currency', 'format', 'is no currency of ISO 4217')
    return
  }
  const money = parseMoney(price)
  if (!money) say('/price/amount', 'format', 'is a decimal with the digits of its currency')
  else if (money.minor < 0n) say('/price/amount', 'range', 'is below zero')
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
