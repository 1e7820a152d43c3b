/**
 * Money: integer minor units in a `bigint` inside, `{ "amount": "12.50", "currency": "EUR" }` outside.
 * Never a `number`: 0.1 + 0.2 is somebody's cent.
 */
export type Money = { readonly minor: bigint; readonly currency: string }

export type MoneyJson = { readonly amount: string; readonly currency: string }

/** ISO 4217 currencies whose minor unit is not two digits (list one, January 2026). */
const exponents: Readonly<Record<string, number>> = {
  BHD: 3, BIF: 0, CLF: 4, CLP: 0, DJF: 0, GNF: 0, IQD: 3, ISK: 0, JOD: 3, JPY: 0, KMF: 0, KRW: 0, KWD: 3,
  LYD: 3, OMR: 3, PYG: 0, RWF: 0, TND: 3, UGX: 0, UYI: 0, UYW: 4, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
} // prettier-ignore

/** Digits behind the point of a currency (ISO 4217). */
export function exponentOf(currency: string): number {
  return exponents[currency] ?? 2
}

/** Reads a decimal string exactly; null when it is none, or has more digits than the currency. */
export function parseMoney(json: MoneyJson): Money | null {
  const digits = exponentOf(json.currency)
  const found = /^(-?)(\d{1,18})(?:\.(\d{1,4}))?$/.exec(json.amount)
  if (!found || !/^[A-Z]{3}$/.test(json.currency)) return null
  const fraction = found[3] ?? ''
  if (fraction.length > digits) return null
  const minor = BigInt(`${found[2]}${fraction.padEnd(digits, '0')}`)
  return { minor: found[1] ? -minor : minor, currency: json.currency }
}

export function moneyJson(money: Money): MoneyJson {
  const digits = exponentOf(money.currency)
  const sign = money.minor < 0n ? '-' : ''
  const text = (money.minor < 0n ? -money.minor : money.minor).toString().padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits)
  const amount = digits === 0 ? `${sign}${text}` : `${sign}${whole}.${text.slice(text.length - digits)}`
  return { amount, currency: money.currency }
}
