/** Designs: how panels are wired to inverters, and what they yield. */
import { leftovers, percent, sum, times } from './cents.ts'
import { createDice } from './dice.ts'
import type { Design, Environment, Product, Project, SolarArray } from './model.ts'
import { annualYieldKwh, pick } from './projects.ts'

export type ArrayWish = {
  readonly label: string
  readonly azimuthDegrees: number
  readonly tiltDegrees: number
  readonly moduleProductId: string
  readonly moduleCount: number
}

export type DesignWish = {
  readonly name: string
  readonly inverterProductId: string
  readonly arrays: readonly ArrayWish[]
}

type Facts = {
  readonly id: string
  readonly now: string
  readonly revision: number
  readonly status: Design['status']
}

/** More panels in a row exceed the voltage an inverter takes. */
const modulesPerString = 14
/** Percent of a year's yield that each month brings. */
const monthShares = Object.entries({
  jan: 3,
  feb: 5,
  mar: 8,
  apr: 11,
  may: 13,
  jun: 14,
  jul: 14,
  aug: 12,
  sep: 9,
  oct: 6,
  nov: 3,
  dec: 2,
})

/** Every product of the wish must be in the catalogue. */
export function computeDesign(
  products: readonly Product[],
  project: Project,
  wish: DesignWish,
  facts: Facts,
): Design {
  const { id, now, revision, status } = facts
  const arrays = wish.arrays.map((array) => wire(products, array, wish.inverterProductId))
  const watts = arrays.reduce((total, { modules }) => total + modules.count * modules.peakWatt, 0)
  const inverter = pick(products, wish.inverterProductId)
  const annual = arrays.reduce((total, { modules, azimuthDegrees, tiltDegrees }) => {
    return total + annualYieldKwh((modules.count * modules.peakWatt) / 1000, azimuthDegrees, tiltDegrees)
  }, 0)
  const modules = sum(arrays.map((array) => array.modules.cost))
  return {
    id,
    createdAt: now,
    updatedAt: now,
    projectId: project.id,
    name: wish.name,
    revision,
    status,
    roof: project.roof,
    arrays,
    sizeKwp: watts / 1000,
    annualYieldKwh: annual,
    yieldByMonth: Object.fromEntries(
      monthShares.map(([month, share]) => [month, Math.round((annual * share) / 100)]),
    ),
    shadingLossPercent: status === 'final' ? 3.4 : null,
    cost: {
      modules,
      inverters: times(inverter.cost, inverterCount(watts)),
      labour: percent(modules, 35),
      rateCardId: project.rateCardId,
    },
    evidenceUrl: `https://evidence.solstice.example/${project.id}/${id}-shading.tif`,
    engine: 'raytrace 7.2 on muc-gpu-1.internal',
    ...leftovers('design', modules),
  }
}

export function inverterCount(watts: number): number {
  return Math.max(1, Math.ceil(watts / 10_000))
}

function wire(products: readonly Product[], wish: ArrayWish, inverterProductId: string): SolarArray {
  const module = pick(products, wish.moduleProductId)
  const inverter = pick(products, inverterProductId)
  const strings = Math.ceil(wish.moduleCount / modulesPerString)
  return {
    label: wish.label,
    azimuthDegrees: wish.azimuthDegrees,
    tiltDegrees: wish.tiltDegrees,
    modules: {
      productId: module.id,
      count: wish.moduleCount,
      peakWatt: module.ratings['peakWatt'] ?? 0,
      supplierSource: module.supplierSource,
      cost: times(module.cost, wish.moduleCount),
    },
    strings: Array.from({ length: strings }, (_, index) => ({
      label: `${wish.label} ${index + 1}`,
      // As even as it goes: the first strings take what is left over.
      moduleCount: Math.floor(wish.moduleCount / strings) + (index < wish.moduleCount % strings ? 1 : 0),
      inverterProductId: inverter.id,
      supplierSource: inverter.supplierSource,
    })),
  }
}

/** A final design for each showcase project, numbered like it, and a draft for every other one. */
export function seedDesigns(
  environment: Environment,
  products: readonly Product[],
  projects: readonly Project[],
): readonly Design[] {
  const dice = createDice(`designs ${environment}`)
  const of = (project: Project, number: number, status: Design['status']): Design => {
    const whole = status === 'final' ? project.system.panelCount : Math.ceil(project.system.panelCount / 2)
    const direction = project.roof.kind === 'pitched' ? project.roof.azimuthDegrees : 180
    const wish = {
      name: status === 'final' ? 'Whole roof' : 'Half the roof',
      inverterProductId: 'prd_201',
      arrays: split(whole, direction, dice.pick(['prd_101', 'prd_102', 'prd_103'])),
    }
    return computeDesign(products, project, wish, {
      id: `dsg_${number}`,
      now: project.createdAt,
      revision: status === 'final' ? 1 : 2,
      status,
    })
  }
  const finals = projects.map((project, index) => of(project, 1001 + index, 'final'))
  const drafts = projects.filter((_, index) => index % 2 === 0)
  return [...finals, ...drafts.map((project, index) => of(project, 1001 + projects.length + index, 'draft'))]
}

function split(moduleCount: number, azimuthDegrees: number, moduleProductId: string): readonly ArrayWish[] {
  const main = Math.ceil(moduleCount * 0.7)
  const array = { tiltDegrees: 30, moduleProductId }
  return [
    { ...array, label: 'Main', azimuthDegrees, moduleCount: main },
    {
      ...array,
      label: 'Annex',
      azimuthDegrees: (azimuthDegrees + 90) % 360,
      moduleCount: moduleCount - main,
    },
  ]
}
