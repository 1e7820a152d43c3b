/** Schemas to copy answers by, and answers released both ways: copied, and by their values. */
import assert from 'node:assert/strict'
import { createClassifier, projectText, type Projector } from '#/contracts/classification/classification.ts'

export const open = { 'x-portico-class': 'public' }
export const text = { type: 'string', ...open }
export const whole = { type: 'integer', ...open }
export const number = { type: 'number', ...open }
export const secret = { type: 'string', 'x-portico-class': 'cost' }
export const object = (properties: Record<string, unknown>, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
})
export const list = (items: unknown, more: object = {}) => ({ type: 'array', items, ...open, ...more })

export function projectorOf(schema: unknown, schemas: Record<string, unknown> = {}): Projector {
  const { projector } = createClassifier({ components: { schemas } }, { dialect: '3.1', defaultClass: null })
  return projector(schema, '#').project
}

/** How many of the answers were copied; all of them alike both ways. */
export function copies(project: Projector, answers: readonly string[]): number {
  let count = 0
  for (const answer of answers) {
    const copied = project.copy!(Buffer.from(answer))
    if (copied === null) continue
    count++
    const released = projectText(answer, (value) => project(value))
    assert.ok(copied === released, `${answer.slice(0, 200)} gave ${copied.slice(0, 200)}`)
  }
  return count
}

export const twice = (answers: readonly string[]) => [...answers, ...answers]
