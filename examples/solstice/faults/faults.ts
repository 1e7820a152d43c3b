/** Answers that go wrong on purpose, so that tests can see what the gateway makes of them. */

export const faultKinds = [
  'slow', // answers after `value` milliseconds
  'hang', // takes the request and never answers
  'stall', // sends the head and half of the body, then nothing
  'reset', // closes the connection before the head
  'cut', // closes the connection in the middle of the body
  'status', // answers `value`, a status the contract may not know
  'off-contract', // JSON of another shape, full of internals
  'wrong-type', // the right shape with one number where text belongs
  'bad-json', // JSON that ends too early, with a length that fits
  'html', // an error page of a proxy, under status 200
  'huge', // `value` megabytes of JSON
  'bad-line', // line `value` of a stream does not hold to the contract
] as const

export type FaultKind = (typeof faultKinds)[number]

export type Fault = {
  readonly operation: string
  readonly fault: FaultKind
  readonly value: number
}

export type Faults = {
  /** The next `count` answers of the operation fail like this; faults of one operation queue up. */
  add(fault: Fault, count: number): void
  take(operation: string): Fault | undefined
  clear(): void
}

const defaultValues: Partial<Record<FaultKind, number>> = {
  slow: 5000,
  status: 500,
  huge: 64,
  'bad-line': 37,
}

export function createFaults(): Faults {
  let queue: Fault[] = []
  return {
    add: (fault, count) => {
      for (let i = 0; i < count; i++) queue.push(fault)
    },
    take: (operation) => {
      const index = queue.findIndex((fault) => fault.operation === operation)
      return index < 0 ? undefined : queue.splice(index, 1)[0]
    },
    clear: () => {
      queue = []
    },
  }
}

/** Reads `{ operation, fault, times?, value? }`; text says what is wrong with it. */
export function readFault(
  body: unknown,
  operations: readonly string[],
): { fault: Fault; times: number } | string {
  if (typeof body !== 'object' || body === null) return 'an object is needed'
  const { operation, fault, times = 1, value } = body as Readonly<Record<string, unknown>>
  const kind = faultKinds.find((one) => one === fault)
  if (!kind) return `fault must be one of ${faultKinds.join(', ')}`
  if (typeof operation !== 'string' || !operations.includes(operation)) {
    return `operation must be one of ${operations.join(', ')}`
  }
  if (!isWhole(times, 1, 10_000)) return 'times must be a whole number from 1 to 10000'
  if (value !== undefined && !isWhole(value, 0, 3_600_000)) return 'value must be a whole number'
  return { fault: { operation, fault: kind, value: value ?? defaultValues[kind] ?? 0 }, times }
}

function isWhole(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
}
