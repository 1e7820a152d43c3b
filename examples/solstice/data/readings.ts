/** What running systems yielded, quarter hour by quarter hour: computed when asked for, the same each time. */
import { money, percent } from './cents.ts'
import { scramble, seedOf } from './dice.ts'
import type { Project, Reading } from './model.ts'

const quarter = 15 * 60 * 1000
/** Half-open, in milliseconds since 1970. */
export const recorded = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 6, 1) } as const
/** Paid for a kilowatt hour that goes into the grid. */
const centsPerKwh = 8

export type Range = { readonly from: number; readonly to: number; readonly limit: number }

/** By time, then project. */
export function* readings(projects: readonly Project[], range: Range): Generator<Reading> {
  const running = projects.filter((project) => project.status === 'installed')
  let count = 0
  const end = Math.min(range.to, recorded.to)
  for (let at = Math.ceil(Math.max(range.from, recorded.from) / quarter) * quarter; at < end; at += quarter) {
    for (const project of running) {
      if (count === range.limit) return
      count += 1
      yield reading(project, at)
    }
  }
}

function reading(project: Project, at: number): Reading {
  const chance = scramble(seedOf(project.id) ^ (at / quarter))
  const irradiance = Math.round(sunshine(at) * (0.35 + (chance % 1000) / 1540))
  const powerKw = round((project.system.sizeKwp * irradiance * 0.87) / 1000)
  const energyKwh = round(powerKw / 4)
  const fed = round(energyKwh * 0.6)
  const revenue = money(Math.round(fed * centsPerKwh))
  return {
    at: new Date(at).toISOString(),
    projectId: project.id,
    energyKwh,
    averagePowerKw: powerKw,
    irradianceWattPerSquareMetre: project.roof.kind === 'flat' ? null : irradiance,
    quality: chance % 50 === 0 ? 'estimated' : 'measured',
    feedIn: { energyKwh: fed, revenue, payout: percent(revenue, 12) },
    meter: { serial: `SN-${project.id.slice(4)}-7`, supplierSource: project.supplierSource },
    evidenceUrl: `https://evidence.solstice.example/${project.id}/meter/${at}.json`,
    _debug: { shard: 'muc-2' },
  }
}

/** Watts on a square metre under a clear sky: a sine over the hours of light, which grow until June. */
function sunshine(at: number): number {
  const date = new Date(at)
  const month = date.getUTCMonth() + date.getUTCDate() / 31
  const hours = 8 + month * 1.4
  const since = date.getUTCHours() + date.getUTCMinutes() / 60 - (12 - hours / 2)
  return since <= 0 || since >= hours ? 0 : Math.sin((since / hours) * Math.PI) * (420 + month * 90)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
