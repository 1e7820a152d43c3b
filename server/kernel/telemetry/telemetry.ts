/** Metrics (Prometheus exposition) and, where a collector is set, one span an exchange (OpenTelemetry). */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Measured } from '#/kernel/telemetry/measured.ts'
import type { Spans } from '#/kernel/telemetry/spans.ts'
import { isSampled, spanIdsOf, traceParent } from '#/kernel/telemetry/trace.ts'

export type { Measured } from '#/kernel/telemetry/measured.ts'

export type Telemetry = {
  exchange(measured: Measured): void
  refusal(status: number, code: string): void
  /** The trace context that an exchange hands to its upstream; sampled only where its span will be sent. */
  traceParent(id: string): string
  /** A figure that is asked for at each scrape. */
  gauge(name: string, help: string, read: () => number): void
  /** The exposition and its content type. */
  scrape(): Promise<{ text: string; contentType: string }>
  stop(): Promise<void>
}

export type TelemetryOptions = {
  /** Base address of the collector; null: no spans. */
  readonly traces: string | null
  readonly traceRatio: number
  readonly nodeId: string
}

/** More partners than this in one process share a label, so that an exposition stays one that can be read. */
const mostPartners = 1000

export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const count = createCounters(registry)
  const ratio = options.traces ? options.traceRatio : 0
  const spans = options.traces ? await loadSpans(options.traces, options.nodeId) : null
  return {
    exchange(measured) {
      count.exchange(measured)
      if (isSampled(measured.id, ratio)) spans?.exchange(measured, spanIdsOf(measured.id))
    },
    refusal: (status, code) => count.refusal(status, code),
    traceParent: (id) => traceParent(id, ratio),
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) })
    },
    scrape: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
    stop: async () => spans?.stop(),
  }
}

async function loadSpans(endpoint: string, nodeId: string): Promise<Spans> {
  const { createSpans } = await import('#/kernel/telemetry/spans.ts')
  return createSpans(endpoint, nodeId)
}

function createCounters(registry: Registry) {
  const exchanges = new Counter({
    name: 'portico_exchanges_total',
    help: 'Exchanges with a known credential.',
    labelNames: ['environment', 'contract', 'operation', 'status', 'partner'],
    registers: [registry],
  })
  const refusals = new Counter({
    name: 'portico_refusals_total',
    help: 'Requests refused before a credential was known.',
    labelNames: ['status', 'code'],
    registers: [registry],
  })
  const histogram = (name: string, help: string) =>
    new Histogram({
      name,
      help,
      labelNames: ['environment', 'contract'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    })
  const duration = histogram('portico_exchange_seconds', 'From the first byte of a request to its answer.')
  const upstream = histogram('portico_upstream_seconds', "The upstream's share of it.")
  const partners = new Set<string>()
  const labelOf = (partnerId: string): string => {
    if (partners.size < mostPartners) partners.add(partnerId)
    return partners.has(partnerId) ? partnerId : 'other'
  }
  return {
    exchange(measured: Measured): void {
      const { environment, contract, operation, status } = measured
      exchanges.inc({ environment, contract, operation, status, partner: labelOf(measured.partnerId) })
      duration.observe({ environment, contract }, measured.durationUs / 1e6)
      if (measured.upstreamUs > 0) upstream.observe({ environment, contract }, measured.upstreamUs / 1e6)
    },
    refusal: (status: number, code: string) => refusals.inc({ status, code }),
  }
}
