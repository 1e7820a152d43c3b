/** The parts of a projection that are loops over what was sent, and so gain nothing from being generated. */
import { isNumber, isRawNumber, lostDigits, maxDepth } from '#/contracts/classification/exact.ts'
import { failed, type Failure } from '#/contracts/classification/failure.ts'
import type { Elements, Run, Shape, Shapes } from '#/contracts/classification/shape.ts'

type Members = Record<string, unknown>

export type Runtime = {
  /** A free-form value that the contract releases whole: as it is, if it can be written down. */
  everything: Run
  tuple(elements: Elements): (value: readonly unknown[], depth: number) => unknown
  /** Adds to `released` what the contract says of properties that it does not name, in the upstream's order. */
  entries(
    shape: Shape,
    names: ReadonlySet<string>,
  ): (value: Members, released: Members, depth: number) => unknown
}

export function createRuntime(shapes: Shapes, { off, at }: Failure): Runtime {
  return {
    everything(value, depth) {
      const fault = faultIn(value, depth)
      return fault === null ? value : off(fault)
    },
    tuple:
      ({ prefix, rest }) =>
      (value, depth) => {
        const released: unknown[] = []
        for (const [index, element] of value.entries()) {
          const shape = prefix[index] ?? rest
          if (!shape) break
          const result = shape.run(element, depth + 1)
          if (result === failed) return at(index)
          if (result === undefined) return undefined
          released.push(result)
        }
        return released
      },
    entries(shape, names) {
      const byName = shape.whole.parts.some((part) => part.patterns.length > 0)
      const any = byName ? null : shapes.entry(shape, null)
      return (value, released, depth) => {
        for (const name of Object.keys(value)) {
          if (names.has(name)) continue
          const field = byName ? shapes.entry(shape, name) : any
          if (field?.fate !== 'released') continue
          const result = field.shape.run(value[name], depth + 1)
          // The name is the upstream's own, so it is not told.
          if (result === failed) return at('*')
          if (result !== undefined) put(released, name, result)
        }
        return released
      }
    },
  }
}

function put(members: Members, name: string, value: unknown): void {
  if (name !== '__proto__') members[name] = value
  else Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true })
}

function faultIn(value: unknown, depth: number): string | null {
  if (isNumber(value))
    return isRawNumber(value) || Math.abs(value) <= Number.MAX_SAFE_INTEGER ? null : lostDigits
  if (typeof value !== 'object' || value === null) return null
  if (depth > maxDepth) return 'depth'
  for (const each of Object.values(value)) {
    const fault = faultIn(each, depth + 1)
    if (fault !== null) return fault
  }
  return null
}
