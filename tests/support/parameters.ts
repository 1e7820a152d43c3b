/** Sends parameters to an operation that has just these, and says what it finds. */
import assert from 'node:assert/strict'
import type { Violation } from '../../server/contracts/compile/compile.ts'
import { documentOf, onlyOperation, parts } from './contracts.ts'

export type Members = Record<string, unknown>
export type Sent = Parameters<typeof parts>[0]

export function violations(
  parameters: readonly Members[],
  sent: Sent,
  schemas: Members = {},
): readonly Violation[] {
  const names = parameters.filter((one) => one['in'] === 'path').map((one) => `/{${String(one['name'])}}`)
  const path = `/things${names.join('')}`
  const operation = { parameters, responses: { 204: { description: 'done' } } }
  const document = { ...documentOf({}), paths: { [path]: { get: operation } }, components: { schemas } }
  return onlyOperation(document).parameters?.(parts(sent)) ?? []
}

export const said = (all: readonly Violation[]): string[] =>
  all.map(({ in: place, name, code, pointer = '' }) => `${place} ${name ?? '?'}${pointer} ${code}`)

export function accepts(parameters: readonly Members[], sent: Sent): void {
  assert.deepEqual(said(violations(parameters, sent)), [])
}

export function refuses(parameters: readonly Members[], sent: Sent, expected: readonly string[]): void {
  assert.deepEqual(said(violations(parameters, sent)), expected)
}

export const query = (name: string, schema: unknown, more: Members = {}): Members => ({
  name,
  in: 'query',
  schema,
  ...more,
})

/** The values of the style tables of OpenAPI. */
export const colors = { type: 'array', items: { type: 'string' }, const: ['blue', 'black', 'brown'] }
export const numbers = {
  type: 'object',
  properties: { R: { type: 'integer' }, G: { type: 'integer' }, B: { type: 'integer' } },
  const: { R: 100, G: 200, B: 150 },
}
