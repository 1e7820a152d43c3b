/** The raw data export: JSON Lines, made as fast as the reader takes them. */
import type { Project } from '../data/model.ts'
import { type Range, readings, recorded } from '../data/readings.ts'
import { type Answer, type Call, unprocessable } from './answer.ts'

const defaultLimit = 5000
const maxLimit = 100_000

export function exportRawData(call: Call): Answer {
  const from = moment(call.query.get('from'), recorded.from)
  const to = moment(call.query.get('to'), recorded.to)
  if (Number.isNaN(from) || Number.isNaN(to)) {
    return unprocessable([{ pointer: '#', detail: 'from and to must be times.' }])
  }
  if (from >= to) return unprocessable([{ pointer: '#', detail: 'from must be before to.' }])
  const limit = Math.min(maxLimit, Math.max(1, Number(call.query.get('limit')) || defaultLimit))
  return {
    kind: 'lines',
    status: 200,
    headers: { 'content-type': 'application/x-ndjson' },
    lines: toLines(call.data.showcase, { from, to, limit }),
  }
}

function moment(text: string | null, otherwise: number): number {
  return text === null ? otherwise : Date.parse(text)
}

function* toLines(projects: readonly Project[], range: Range): Generator<string> {
  for (const one of readings(projects, range)) yield JSON.stringify(one)
}
