/** What the projection of an answer is to everyone else: a function that gives JSON text, or says what was wrong. */

/** Why an upstream's answer does not hold to its contract. Never shown to a partner; `pointer` names no value. */
export class OffContract {
  readonly pointer: string
  readonly reason: string
  constructor(pointer: string, reason: string) {
    this.pointer = pointer
    this.reason = reason
  }
}

/**
 * Turns a parsed JSON value of an upstream into the JSON text a partner may see. Only properties whose
 * class is `public` are in it; a value of the wrong type gives `OffContract`.
 */
export type Projector = {
  (value: unknown): string | OffContract
  /**
   * The same of the bytes that came (UTF-8), at less cost; null: only the value can say. Also where patterns took too
   * long: other members are looked at, in another order.
   */
  readonly copy?: (answer: Buffer) => string | null
}
