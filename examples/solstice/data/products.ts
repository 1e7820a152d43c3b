/** The catalogue. The sandbox has the same products at rounder prices, so that nobody takes them for real ones. */
import { leftovers, less, money, percent } from './cents.ts'
import { createDice, type Dice } from './dice.ts'
import type { Environment, Product } from './model.ts'

/** Number, SKU, name, manufacturer, list price in cents, warranty in years, technical figures. */
type Line = readonly [number, string, string, string, number, number | null, Readonly<Record<string, number>>]

const lines: Readonly<Record<Product['category'], readonly Line[]>> = {
  module: [
    [
      101,
      'MOD-AUR-430',
      'Aurora 430 Black',
      'Nordlys',
      11900,
      25,
      { peakWatt: 430, efficiencyPercent: 22.1 },
    ],
    [102, 'MOD-AUR-455', 'Aurora 455', 'Nordlys', 12450, 25, { peakWatt: 455, efficiencyPercent: 22.8 }],
    [103, 'MOD-HEL-400', 'Helion 400 Glass', 'Helion', 10350, 30, { peakWatt: 400, efficiencyPercent: 20.9 }],
    [104, 'MOD-TER-380', 'Terra 380 Red', 'Terrasol', 18900, 20, { peakWatt: 380, efficiencyPercent: 19.4 }],
  ],
  inverter: [
    [201, 'INV-KES-10', 'Kestrel 10', 'Kestrel', 164900, 10, { acPowerKw: 10, efficiencyPercent: 97.9 }],
    [202, 'INV-KES-15', 'Kestrel 15', 'Kestrel', 198500, 10, { acPowerKw: 15, efficiencyPercent: 98.1 }],
    [203, 'INV-BUZ-30', 'Buzzard 30', 'Kestrel', 312000, 12, { acPowerKw: 30, efficiencyPercent: 98.4 }],
  ],
  battery: [
    [301, 'BAT-LUM-07', 'Lumen 7', 'Lumen Storage', 389000, 10, { capacityKwh: 7.1, cycles: 6000 }],
    [302, 'BAT-LUM-14', 'Lumen 14', 'Lumen Storage', 699000, 10, { capacityKwh: 14.2, cycles: 6000 }],
  ],
  mounting: [
    [401, 'MNT-CLAW', 'Claw roof hook', 'Firma Halt', 890, null, { loadKg: 120 }],
    [402, 'MNT-TUB', 'Tub ballast tray', 'Firma Halt', 2450, null, { loadKg: 90 }],
  ],
  accessory: [
    [501, 'ACC-GATE', 'Meter gateway', 'Kestrel', 24900, 2, { channels: 4 }],
    [502, 'ACC-WALL', 'Wallbox 11', 'Lumen Storage', 74900, 3, { acPowerKw: 11 }],
    [503, 'ACC-SURGE', 'Surge arrester', 'Firma Halt', 5900, 5, { voltage: 1000 }],
  ],
}

export function seedProducts(environment: Environment): readonly Product[] {
  const dice = createDice(`products ${environment}`)
  return Object.entries(lines).flatMap(([category, list]) =>
    list.map((line) => product(environment, dice, category as Product['category'], line)),
  )
}

function product(environment: Environment, dice: Dice, category: Product['category'], line: Line): Product {
  const [number, sku, name, manufacturer, price, warrantyYears, ratings] = line
  const listPrice = money(environment === 'live' ? price : Math.ceil(price / 1000) * 1000)
  const cost = percent(listPrice, dice.between(61, 78))
  const source = dice.pick(['Rheinhandel', 'Sunport Rotterdam', 'direct'])
  return {
    id: `prd_${number}`,
    createdAt: '2024-09-02T08:00:00.000Z',
    updatedAt: `2026-0${dice.between(1, 6)}-1${dice.between(0, 9)}T06:30:00.000Z`,
    sku,
    category,
    name: environment === 'live' ? name : `${name} (test)`,
    manufacturer,
    availability: dice.pick(['available', 'available', 'limited', 'discontinued']),
    listPrice,
    ratings,
    warrantyYears,
    certificates: certificates(category, number),
    cost,
    margin: less(listPrice, cost),
    rateCardId: 'rc_102',
    supplierSource: source,
    suppliers: [
      { name: source, leadTimeDays: dice.between(3, 20), cost },
      { name: 'Alpenlager', leadTimeDays: 2, cost: percent(cost, 108) },
    ],
    ...leftovers('product', cost),
  }
}

function certificates(category: Product['category'], number: number): Product['certificates'] {
  const standards = { module: ['IEC 61215', 'IEC 61730'], inverter: ['IEC 62109'], battery: ['IEC 62619'] }
  const names = category in standards ? standards[category as keyof typeof standards] : []
  return names.map((standard, index) => ({
    standard,
    issuedOn: `2024-0${index + 3}-15`,
    evidenceUrl: `https://evidence.solstice.example/certificates/${number}-${index + 1}.pdf`,
  }))
}
