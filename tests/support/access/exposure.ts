/** Takes a capability to any exposure there is a way to, step by step, with two people where it takes two. */
import assert from 'node:assert/strict'
import { accessActions } from '#/access/access.ts'
import { changeExposure, findCapability, transitions } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { approve, propose } from '#/governance/proposals/proposals.ts'
import { transact } from '#/kernel/db/db.ts'
import type { World } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'

const person = () => ({ kind: 'operator', id: newId(), role: 'admin' }) as const

/** `to` may be several steps away. Throws where there is no way, and where a gate is open. */
export async function expose(control: World, name: string, to: Exposure): Promise<void> {
  const { exposure } = await transact(control, person(), (tx) => findCapability(tx, name))
  const way = wayBetween(exposure, to)
  assert.ok(way, `there is no way from ${exposure} to ${to}`)
  let from = exposure
  for (const next of way) {
    if (from === 'dark' && next !== 'internal') await open(control, name, next)
    else await transact(control, person(), (tx) => changeExposure(tx, name, next, { reason: 'test' }))
    from = next
  }
}

/** The shortest, without where it begins; undefined: there is none. */
export function wayBetween(from: Exposure, to: Exposure): readonly Exposure[] | undefined {
  const ways: Exposure[][] = [[]]
  const seen = new Set([from])
  for (const way of ways) {
    const last = way.at(-1) ?? from
    if (last === to) return way
    for (const next of transitions[last].filter((each) => !seen.has(each))) {
      seen.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

async function open(control: World, name: string, to: Exposure): Promise<void> {
  const params = { capability: name, to, reason: 'test', gates: [], evidence: [] }
  const { id } = await transact(control, person(), (tx) => {
    const expiresAt = new Date(tx.now.getTime() + 60_000)
    return propose(tx, accessActions, { action: 'capabilities.open', params, expiresAt })
  })
  const { error } = await transact(control, person(), (tx) => approve(tx, accessActions, id))
  if (error) throw error
}
