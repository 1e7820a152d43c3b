/**
 * What an agreement cannot say, everything wrong with it named at once, each where it stands; and when it cannot be in
 * force, because another is.
 */
import { Check, Errors } from 'typebox/value'
import { listCapabilities } from '#/access/capabilities/capabilities.ts'
import { packageOf } from '#/access/packages/packages.ts'
import type { Price } from '#/access/packages/packages.ts'
import { agreementOverlap, agreementTerms } from '#/access/agreements/problems.ts'
import { selectAgreement } from '#/access/agreements/store.ts'
import { AgreementTermsForm } from '#/access/agreements/terms.ts'
import type { AgreementTerms } from '#/access/agreements/terms.ts'
import { inForce, overlaps, readAgreements } from '#/access/agreements/versions.ts'
import type { AgreementVersion, Period } from '#/access/agreements/versions.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { parseMoney } from '#/kernel/money/money.ts'
import type { ProblemError } from '#/kernel/problem/problem.ts'

/** Business time, half-open; `endsAt` null: until it is ended. */
export type Term = { readonly startsAt: Date; readonly endsAt: Date | null }

/** What is written of a version while it is a draft. */
export type Draft = Term & { readonly terms: AgreementTerms }

const day = 86_400_000

/** Throws `agreementTerms`, `agreementOverlap`. */
export async function refuseUnfit(
  tx: Tx,
  partnerId: string,
  agreementId: string,
  draft: Draft,
): Promise<void> {
  await refuseFaults(tx, partnerId, draft)
  await refuseOverlap(tx, partnerId, agreementId, draft)
}

async function refuseFaults(tx: Tx, partnerId: string, { terms, ...term }: Draft): Promise<void> {
  const errors = Check(AgreementTermsForm, terms)
    ? [
        ...faultsOfTerm(tx, term, terms.noticeDays),
        ...faultsOfConsents(terms),
        ...faultsOfNames(terms, new Set((await listCapabilities(tx)).map((each) => each.name))),
        ...faultsOfPrices(terms, await currencyOf(tx, partnerId)),
      ]
    : faultsOfForm(terms)
  if (errors.length > 0) throw agreementTerms.with({ detail: errors[0]!.detail, errors })
}

function fault(pointer: string, detail: string): ProblemError {
  return { in: 'body', pointer, detail }
}

/** One for each place: of a choice between two forms each says what it misses. */
function faultsOfForm(terms: unknown): ProblemError[] {
  const found = new Map<string, ProblemError>()
  for (const { instancePath, message } of Errors(AgreementTermsForm, terms)) {
    const pointer = `/terms${instancePath}`
    if (!found.has(pointer)) found.set(pointer, fault(pointer, message))
  }
  return [...found.values()]
}

function faultsOfTerm(tx: Tx, { startsAt, endsAt }: Term, noticeDays: number): ProblemError[] {
  if (Number.isNaN(startsAt.getTime())) return [fault('/startsAt', 'The start is no time.')]
  if (endsAt === null) return []
  if (!(endsAt > startsAt)) return [fault('/endsAt', 'The end must come after the start.')]
  if (endsAt <= tx.now) return [fault('/endsAt', 'The end has passed already.')]
  return noticeDays * day > endsAt.getTime() - startsAt.getTime()
    ? [fault('/terms/noticeDays', 'The notice is longer than the term.')]
    : []
}

function faultsOfConsents({ consents }: AgreementTerms): ProblemError[] {
  const seen = new Set<string>()
  return consents.flatMap(({ purpose }, i) => {
    if (seen.has(purpose)) return [fault(`/terms/consents/${i}`, `${purpose} stands there twice.`)]
    seen.add(purpose)
    return []
  })
}

function faultsOfNames(terms: AgreementTerms, known: ReadonlySet<string>): ProblemError[] {
  const named = [
    ...terms.capabilities.map((name, i) => [`/terms/capabilities/${i}`, name] as const),
    ...Object.keys(terms.overrides.capabilities ?? {}).map(
      (name) => [`/terms/overrides/capabilities/${name}`, name] as const,
    ),
  ]
  return named
    .filter(([, name]) => !known.has(name))
    .map(([pointer, name]) => fault(pointer, `There is no capability ${name}.`))
}

function faultsOfPrices(terms: AgreementTerms, currency: string | null): ProblemError[] {
  const priced = Object.entries(terms.overrides.capabilities ?? {}).flatMap(([name, { price }]) =>
    price ? [{ pointer: `/terms/overrides/capabilities/${name}/price`, price }] : [],
  )
  const expected = currency ?? priced[0]?.price.currency
  return priced.flatMap(({ pointer, price }) => faultsOfPrice(pointer, price, expected))
}

function faultsOfPrice(pointer: string, price: Price, expected: string | undefined): ProblemError[] {
  if (price.currency !== expected) {
    const detail = `The price is in ${price.currency}; prices of the partner are in ${expected}.`
    return [fault(`${pointer}/currency`, detail)]
  }
  if (parseMoney(price) === null) {
    return [fault(`${pointer}/amount`, `${price.amount} is no amount in ${price.currency}.`)]
  }
  return []
}

/** Of the prices of the package the partner is on; null: it has none. */
async function currencyOf(tx: Tx, partnerId: string): Promise<string | null> {
  const entitlements = Object.values((await packageOf(tx, partnerId))?.terms.entitlements ?? {})
  return entitlements.find(({ price }) => price)?.price?.currency ?? null
}

/**
 * The versions that one of this term would replace: of the same agreement, begun before it. Throws `agreementOverlap`
 * for any other that is in force then, and `agreementTerms` when the term has passed.
 */
export async function refuseOverlap(
  tx: Tx,
  partnerId: string,
  agreementId: string,
  { startsAt, endsAt }: Term,
): Promise<readonly AgreementVersion[]> {
  const from = Math.max(startsAt.getTime(), tx.now.getTime())
  const period: Period = { from, until: endsAt?.getTime() ?? null }
  if (period.until !== null && period.until <= from) {
    throw agreementTerms.with({ detail: 'The end has passed already.' })
  }
  const all = (await readAgreements(tx, [partnerId], null)).get(partnerId) ?? []
  const meeting = all.filter((version) => {
    const other = inForce(version)
    return other !== null && overlaps(other, period)
  })
  const other = meeting.find((each) => each.agreementId !== agreementId || inForce(each)!.from >= from)
  if (other) throw agreementOverlap.with({ detail: await describe(tx, partnerId, other) })
  return meeting
}

async function describe(tx: Tx, partnerId: string, version: AgreementVersion): Promise<string> {
  const { from, until } = inForce(version)!
  const agreement = await selectAgreement(tx, partnerId, version.agreementId)
  const [start, end] = [from, until].map((each) => each && new Date(each).toISOString())
  const term = end ? `from ${start} until ${end}` : `from ${start} on`
  return `Version ${version.number} of ${agreement?.reference} is in force ${term}.`
}
