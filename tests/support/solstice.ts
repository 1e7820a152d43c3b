/** The demo provider from behind: break its next answers, and see what reached it. */
import assert from 'node:assert/strict'

export type Received = {
  readonly operation: string | null
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** Makes the next answers of an operation go wrong; the kinds are listed in examples/solstice. */
export async function fault(
  provider: string,
  operation: string,
  kind: string,
  more: { times?: number; value?: number } = {},
): Promise<void> {
  const answer = await fetch(`${provider}/_faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operation, fault: kind, ...more }),
  })
  assert.equal(answer.status, 200, await answer.text())
}

export async function received(provider: string): Promise<readonly Received[]> {
  const answer = await fetch(`${provider}/_received`)
  return ((await answer.json()) as { data: Received[] }).data
}

/** Names of fields that Solstice's answers carry and no partner may see, at any depth. */
export const internalNames = [
  'cost',
  'margin',
  'payout',
  'supplierSource',
  'rateCardId',
  'evidenceUrl',
  'riskScore',
  'internalNotes',
  '_debug',
]

/** Paths of internal names in a JSON value. */
export function internalsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => internalsIn(item, `${path}/${i}`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(internalNames.includes(name) ? [`${path}/${name}`] : []),
    ...internalsIn(inner, `${path}/${name}`),
  ])
}

/** A project as a partner sends it, right in every field. */
export const project = {
  name: 'Haus Lindenweg 12',
  customer: { reference: 'K-2041', name: 'Marta Vogel', email: 'marta.vogel@example.com' },
  site: { street: 'Lindenweg 12', postalCode: '86150', city: 'Augsburg', country: 'DE' },
  roof: { kind: 'pitched', areaSquareMetres: 62, tiltDegrees: 38, azimuthDegrees: 175, covering: 'tiles' },
}
