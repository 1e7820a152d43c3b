/** Master data: what work costs in each region. */
import { leftovers, less, money, percent } from './cents.ts'
import { createDice } from './dice.ts'
import type { Environment, RateCard } from './model.ts'

const regions = [
  { region: 'DE-BY', title: 'Bavaria 2025', validFrom: '2025-01-01', validUntil: '2026-01-01' },
  { region: 'DE-BY', title: 'Bavaria', validFrom: '2026-01-01', validUntil: null },
  { region: 'DE-BW', title: 'Baden-Württemberg', validFrom: '2026-01-01', validUntil: null },
  { region: 'NL-UT', title: 'Utrecht', validFrom: '2026-01-01', validUntil: null },
  { region: 'AT-7', title: 'Tyrol', validFrom: '2026-03-01', validUntil: null },
]

/** Service, unit, price in cents. */
const services = [
  ['planning', 'hour', 9800],
  ['scaffolding', 'site', 118_000],
  ['mounting', 'panel', 6400],
  ['wiring', 'panel', 3900],
  ['commissioning', 'site', 42_000],
] as const

export function seedRateCards(environment: Environment): readonly RateCard[] {
  const dice = createDice(`rate cards ${environment}`)
  return regions.map((region, index) => {
    const rates = services.map(([service, unit, price]) => {
      const asked = percent(money(price), dice.between(90, 115))
      const cost = percent(asked, dice.between(55, 75))
      return { service, unit, price: asked, cost, margin: less(asked, cost) }
    })
    return {
      id: `rc_${101 + index}`,
      createdAt: `${region.validFrom}T00:00:00.000Z`,
      updatedAt: `${region.validFrom}T00:00:00.000Z`,
      ...region,
      rates,
      approvedBy: 'Greta Falk',
      supplierSource: 'own crew',
      ...leftovers('rate_card', money(6400)),
    }
  })
}
