/** Prices are counted in whole cents and shown as decimal text. */
import type { Leftovers, Money } from './model.ts'

export function money(cents: number): Money {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return { amount: `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`, currency: 'EUR' }
}

export function cents(amount: Money): number {
  return Math.round(Number(amount.amount) * 100)
}

export function sum(amounts: readonly Money[]): Money {
  return money(amounts.reduce((total, amount) => total + cents(amount), 0))
}

/** The part of an amount, rounded to a cent. */
export function percent(amount: Money, part: number): Money {
  return money(Math.round((cents(amount) * part) / 100))
}

export function times(amount: Money, count: number): Money {
  return money(cents(amount) * count)
}

export function less(amount: Money, other: Money): Money {
  return money(cents(amount) - cents(other))
}

/** What nobody declared and yet is in the answer. */
export function leftovers(table: string, cost: Money): Leftovers {
  return {
    internalNotes: [`bought for ${cost.amount}, do not tell partners`],
    _debug: { shard: 'muc-2', cost, query: `select * from ${table} where secret_margin > 0.2` },
  }
}
