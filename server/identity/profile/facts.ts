/** What is known of a partner as a company, and what of it can be right. */
import type { ProblemError } from '#/kernel/problem/problem.ts'

export type Address = {
  readonly lines: readonly string[]
  readonly postalCode: string | null
  readonly city: string
  readonly region: string | null
}

export type TaxId = {
  /** `eu_vat`: with its country prefix, checked against the form of that country. */
  readonly type: 'eu_vat' | 'gb_vat' | 'ch_vat' | 'us_ein' | 'other'
  readonly value: string
}

export type Contact = { readonly name: string; readonly email: string }

/** Everything may be missing: facts come in as onboarding goes on. */
export type Facts = {
  readonly legalName: string | null
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null
  readonly address: Address | null
  readonly taxIds: readonly TaxId[]
  readonly billingEmail: string | null
  /** ISO 4217. */
  readonly currency: string | null
  /** IANA. */
  readonly timeZone: string | null
  readonly securityContact: Contact | null
  readonly operationsContact: Contact | null
}

export const noFacts: Facts = {
  legalName: null,
  country: null,
  address: null,
  taxIds: [],
  billingEmail: null,
  currency: null,
  timeZone: null,
  securityContact: null,
  operationsContact: null,
}

/** VAT identification numbers by the prefix of the member state (European Commission, VIES: structure of numbers). */
const euVat: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^[A-Z0-9]\d{7}[A-Z0-9]$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(?:\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W])$/,
  IT: /^\d{11}$/,
  LT: /^(?:\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^[A-Z0-9+*]{10}\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{12}$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  XI: /^(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
}

const otherTaxIds: Readonly<Record<Exclude<TaxId['type'], 'eu_vat'>, RegExp>> = {
  gb_vat: /^GB(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
  ch_vat: /^CHE\d{9}(?:MWST|TVA|IVA)?$/,
  us_ein: /^\d{2}-?\d{7}$/,
  other: /^[A-Z0-9][A-Z0-9 ./-]{2,39}$/,
}

/** As written on a document: without blanks and points, in capitals. */
export function normaliseTaxId(taxId: TaxId): TaxId {
  const compact = taxId.value.toUpperCase().replaceAll(/[\s.]/g, '')
  return { type: taxId.type, value: taxId.type === 'other' ? taxId.value.trim().toUpperCase() : compact }
}

function isTaxId({ type, value }: TaxId): boolean {
  if (type === 'eu_vat') return euVat[value.slice(0, 2)]?.test(value.slice(2)) ?? false
  return otherTaxIds[type].test(value)
}

/** What Node knows takes some time to list, so the first who asks has it listed. */
let regions: Intl.DisplayNames | null = null
let currencies: ReadonlySet<string> | null = null

function isCountry(code: string): boolean {
  return (
    /^[A-Z]{2}$/.test(code) &&
    !['EU', 'EZ', 'UN', 'XA', 'XB', 'ZZ'].includes(code) &&
    (regions ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })).of(code) !== undefined
  )
}

function isCurrency(code: string): boolean {
  return (currencies ??= new Set(Intl.supportedValuesOf('currency'))).has(code)
}

function isTimeZone(name: string): boolean {
  try {
    return (
      new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0 &&
      !/^[+-]/.test(name)
    )
  } catch {
    return false
  }
}

/** RFC 5321 as far as anybody uses it: one `@`, a name before it, a domain with a dot behind it, nothing that breaks a header. */
function isEmail(text: string): boolean {
  return (
    text.length <= 254 &&
    /^[^\s@<>",;:()[\]\\\p{Cc}]{1,64}@[^\s@.<>",;:()[\]\\\p{Cc}]+(?:\.[^\s@.<>",;:()[\]\\\p{Cc}]+)+$/u.test(
      text,
    )
  )
}

/** Everything that cannot be right, with its place. */
export function flaws(facts: Facts): ProblemError[] {
  const found: ProblemError[] = []
  const say = (pointer: string, detail: string) =>
    found.push({ in: 'body', pointer: `#/${pointer}`, code: 'format', detail })
  if (facts.country !== null && !isCountry(facts.country))
    say('country', 'is no country of ISO 3166-1 (two capitals)')
  if (facts.currency !== null && !isCurrency(facts.currency)) say('currency', 'is no currency of ISO 4217')
  if (facts.timeZone !== null && !isTimeZone(facts.timeZone)) say('timeZone', 'is no IANA time zone')
  if (facts.billingEmail !== null && !isEmail(facts.billingEmail)) say('billingEmail', 'is no e-mail address')
  for (const name of ['securityContact', 'operationsContact'] as const) {
    const contact = facts[name]
    if (contact !== null && !isEmail(contact.email)) say(`${name}/email`, 'is no e-mail address')
  }
  for (const [i, taxId] of facts.taxIds.entries()) {
    if (!isTaxId(normaliseTaxId(taxId))) say(`taxIds/${i}/value`, `does not have the form of ${taxId.type}`)
  }
  return found
}

/** What an invoice cannot do without, as far as it is missing. */
export function missingForInvoices(facts: Facts): string[] {
  const needed = ['legalName', 'country', 'address', 'billingEmail', 'currency', 'timeZone'] as const
  return needed.filter((name) => facts[name] === null)
}
