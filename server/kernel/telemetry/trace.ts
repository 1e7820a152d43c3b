/**
 * The trace context of an exchange, made from its id: the UUID is the trace id and its last half the span id, so
 * whoever has a request id finds the trace, on every node alike and with nothing kept.
 */

export type SpanIds = { readonly traceId: string; readonly spanId: string }

/** `id`: a UUIDv7. */
export function spanIdsOf(id: string): SpanIds {
  const traceId = id.replaceAll('-', '')
  return { traceId, spanId: traceId.slice(16) }
}

/** The random end of the id decides, so every node decides alike. `ratio`: 0 to 1. */
export function isSampled(id: string, ratio: number): boolean {
  return ratio > 0 && Number.parseInt(id.slice(28), 16) < ratio * 0x1_0000_0000
}

/**
 * The `traceparent` that goes to the upstream (W3C Trace Context §3.2). Bit 2 of the flags says that the last
 * seven bytes of the trace id are random (Level 2 §3.2.2.4), which those of a UUIDv7 are.
 */
export function traceParent(id: string, ratio: number): string {
  const { traceId, spanId } = spanIdsOf(id)
  return `00-${traceId}-${spanId}-${isSampled(id, ratio) ? '03' : '02'}`
}
