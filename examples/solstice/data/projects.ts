/** Projects: those that every partner is shown, and how a new one is planned from a roof. */
import { cents, leftovers, less, percent, sum, times } from './cents.ts'
import { createDice, type Dice } from './dice.ts'
import type { Environment, Money, Product, Project, ProjectStatus, Roof, System } from './model.ts'

/** What is known of a project before Solstice plans it. */
export type Wish = Pick<Project, 'name' | 'customer' | 'site' | 'roof' | 'labels'> & {
  readonly desiredSizeKwp: number | null
}

/** A panel with its gap needs about two square metres. */
const squareMetresPerPanel = 2
const stages: readonly ProjectStatus[] = ['lead', 'surveyed', 'designed', 'proposed', 'sold', 'installed']
/** How many stages each showcase project has behind it, oldest project first. */
const showcaseStages = [6, 6, 6, 6, 5, 4, 4, 3, 3, 2, 1, 1]

/** What a showcase project took from one stage to the next. */
const daysPerStage = 11

const people = ['Marta Vogel', 'Jonas Brandt', 'Ines Keller', 'Paul Achterberg', 'Lea Sommer', 'Omar Haddad']
const towns = [
  { street: 'Lindenweg', postalCode: '86150', city: 'Augsburg', country: 'DE', at: [48.37, 10.9] },
  { street: 'Sonnenrain', postalCode: '79098', city: 'Freiburg', country: 'DE', at: [47.99, 7.85] },
  { street: 'Am Hang', postalCode: '6020', city: 'Innsbruck', country: 'AT', at: [47.27, 11.39] },
  { street: 'Zonstraat', postalCode: '3581 MS', city: 'Utrecht', country: 'NL', at: [52.09, 5.12] },
] as const

/** The most a roof takes, in kWp. */
export function roofLimitKwp(roof: Roof, panel: Product): number {
  return (Math.floor(roof.areaSquareMetres / squareMetresPerPanel) * (panel.ratings['peakWatt'] ?? 0)) / 1000
}

/** Yield of a year in kWh for a size: south at 35° is best, a flat roof loses some, north most. */
export function annualYieldKwh(sizeKwp: number, azimuthDegrees: number, tiltDegrees: number): number {
  const towardsSouth = Math.cos(((azimuthDegrees - 180) * Math.PI) / 180)
  const tilt = 1 - Math.abs(tiltDegrees - 35) / 180
  return Math.round(sizeKwp * 1020 * (0.86 + 0.14 * towardsSouth) * tilt)
}

function plan(
  products: readonly Product[],
  roof: Roof,
  desired: number | null,
  battery: Product | null,
): System {
  const panel = pick(products, 'prd_101')
  const inverter = pick(products, 'prd_201')
  const peakWatt = panel.ratings['peakWatt'] ?? 0
  const wanted = desired === null ? Infinity : Math.max(1, Math.round((desired * 1000) / peakWatt))
  const panelCount = Math.min(wanted, Math.floor(roof.areaSquareMetres / squareMetresPerPanel))
  const sizeKwp = (panelCount * peakWatt) / 1000
  const count = Math.max(1, Math.ceil(sizeKwp / 10))
  const { azimuthDegrees, tiltDegrees } =
    roof.kind === 'pitched' ? roof : { azimuthDegrees: 180, tiltDegrees: 10 }
  return {
    sizeKwp,
    panelCount,
    panelProductId: panel.id,
    inverters: [
      {
        productId: inverter.id,
        count,
        supplierSource: inverter.supplierSource,
        cost: times(inverter.cost, count),
      },
    ],
    storageKwh: battery?.ratings['capacityKwh'] ?? null,
    annualYieldKwh: annualYieldKwh(sizeKwp, azimuthDegrees, tiltDegrees),
  }
}

/** A product that must be there. */
export function pick(products: readonly Product[], id: string): Product {
  const found = products.find((product) => product.id === id)
  if (!found) throw new Error(`the catalogue has no ${id}`)
  return found
}

/** The project one step further, with what the step brought. A step that it has behind it changes nothing. */
export function advance(
  project: Project,
  status: ProjectStatus,
  now: string,
  brought: Partial<Project>,
): Project {
  if (stages.indexOf(project.status) > stages.indexOf(status)) return project
  const known = project.milestones.some((milestone) => milestone.status === status)
  const milestone = {
    status,
    at: now,
    payout: percent(project.payout, stages.indexOf(status) * 20),
    evidenceUrl: `https://evidence.solstice.example/${project.id}/${status}.pdf`,
  }
  const milestones = known ? project.milestones : [...project.milestones, milestone]
  return { ...project, ...brought, status, milestones, updatedAt: now }
}

/** A project at its start, as a partner's own. */
export function startProject(products: readonly Product[], id: string, now: string, wish: Wish): Project {
  return assemble(products, { id, now, wish, reached: ['lead'], showcase: false, battery: null })
}

type Parts = {
  readonly id: string
  readonly now: string
  readonly wish: Wish
  readonly reached: readonly ProjectStatus[]
  readonly showcase: boolean
  readonly battery: Product | null
}

function assemble(products: readonly Product[], parts: Parts): Project {
  const { id, now, reached, battery } = parts
  const { desiredSizeKwp, ...wish } = parts.wish
  const system = plan(products, wish.roof, desiredSizeKwp, battery)
  const panel = pick(products, system.panelProductId)
  const parcel = [times(panel.listPrice, system.panelCount), ...(battery ? [battery.listPrice] : [])]
  const value = percent(sum(parcel), 190)
  const cost: Money = percent(value, 71)
  const payout = percent(value, 4)
  return {
    id,
    createdAt: now,
    updatedAt: daysAfter(now, (reached.length - 1) * daysPerStage),
    ...wish,
    status: reached.at(-1) ?? 'lead',
    showcase: parts.showcase,
    system,
    value: reached.includes('proposed') ? value : null,
    milestones: reached.map((status, index) => ({
      status,
      at: daysAfter(now, index * daysPerStage),
      payout: percent(payout, index * 20),
      evidenceUrl: `https://evidence.solstice.example/${id}/${status}.pdf`,
    })),
    cost,
    margin: less(value, cost),
    payout,
    supplierSource: panel.supplierSource,
    rateCardId: 'rc_102',
    evidenceUrl: `https://evidence.solstice.example/${id}/photos.zip`,
    riskScore: (cents(value) % 97) / 100,
    ...leftovers('project', cost),
  }
}

function daysAfter(time: string, days: number): string {
  return new Date(Date.parse(time) + days * 86_400_000).toISOString()
}

export function seedProjects(environment: Environment, products: readonly Product[]): readonly Project[] {
  const dice = createDice(`projects ${environment}`)
  const batteries = [null, pick(products, 'prd_301'), pick(products, 'prd_302')]
  return showcaseStages.map((_, index) =>
    assemble(products, {
      id: `prj_${1001 + index}`,
      // Two a month from July 2025, so that the oldest ones run before the readings begin.
      now: new Date(
        Date.UTC(2025, 6 + (index >> 1), dice.between(1, 14) + (index % 2) * 14, 9),
      ).toISOString(),
      wish: showcaseWish(environment, dice, index),
      reached: stages.slice(0, showcaseStages[index]),
      showcase: true,
      battery: dice.pick(batteries),
    }),
  )
}

function showcaseWish(environment: Environment, dice: Dice, index: number): Wish {
  const { at, ...town } = dice.pick(towns)
  const street = `${town.street} ${dice.between(1, 80)}`
  const name = dice.pick(people)
  return {
    name: environment === 'live' ? `Haus ${street}` : `Test house ${index + 1}`,
    customer: {
      reference: `S-${environment === 'live' ? 4000 : 9000}-${index + 1}`,
      name: environment === 'live' ? name : `Test customer ${index + 1}`,
      email: `${name.toLowerCase().replace(' ', '.')}@example.com`,
      phone: index % 3 === 0 ? null : `+49821555${100 + index}`,
    },
    site: { ...town, street, location: { latitude: at[0], longitude: at[1] } },
    roof: showcaseRoof(dice, index),
    labels: { source: 'showcase', season: dice.pick(['spring', 'summer', 'autumn']) },
    desiredSizeKwp: null,
  }
}

function showcaseRoof(dice: Dice, index: number): Roof {
  const areaSquareMetres = dice.between(28, 140)
  const surveyNotes = 'Access from the courtyard; the owner haggles.'
  if (index % 4 !== 3) {
    return {
      kind: 'pitched',
      areaSquareMetres,
      tiltDegrees: dice.between(18, 48),
      azimuthDegrees: dice.between(95, 265),
      covering: dice.pick(['tiles', 'slate', 'metal']),
      surveyNotes,
    }
  }
  return {
    kind: 'flat',
    areaSquareMetres: areaSquareMetres * 3,
    maxLoadKgPerSquareMetre: dice.between(25, 90),
    covering: dice.pick(['bitumen', 'foil', 'gravel', 'green']),
    parapetHeightCm: dice.pick([null, 30, 60]),
    surveyNotes,
  }
}
