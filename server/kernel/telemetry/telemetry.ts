/** Metrics (Prometheus exposition) and, where a collector is set, one span an exchange (OpenTelemetry). */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

/** What is measured of an exchange. The partner is a label, the application is not: their number has no bound. */
export type Measured = {
  /** UUID; it is also the trace's id. */
  readonly id: string
  /** Wall clock, milliseconds. */
  readonly startedAt: number
  readonly durationUs: number
  readonly upstreamUs: number
  readonly environment: string
  readonly partnerId: string
  readonly applicationId: string
  readonly contract: string
  readonly apiVersion: string
  readonly operation: string
  readonly method: string
  readonly status: number
  readonly code: string | null
}

export type Telemetry = {
  exchange(measured: Measured): void
  refusal(status: number, code: string): void
  /** A figure that is asked for at each scrape. */
  gauge(name: string, help: string, read: () => number): void
  /** The exposition and its content type. */
  scrape(): Promise<{ text: string; contentType: string }>
  stop(): Promise<void>
}

export type TelemetryOptions = {
  readonly traces: string | null
  readonly traceRatio: number
  readonly nodeId: string
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
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
  const spans = options.traces ? createSpans(options.traces, options) : null
  return {
    exchange(measured) {
      const { environment, contract, operation, partnerId: partner } = measured
      exchanges.inc({ environment, contract, operation, status: measured.status, partner })
      duration.observe({ environment, contract }, measured.durationUs / 1e6)
      if (measured.upstreamUs > 0) upstream.observe({ environment, contract }, measured.upstreamUs / 1e6)
      spans?.exchange(measured)
    },
    refusal: (status, code) => refusals.inc({ status, code }),
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) })
    },
    scrape: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
    stop: async () => spans?.stop(),
  }
}

/**
 * The `traceparent` an exchange hands to its upstream (W3C Trace Context §3.2), made from the request's id:
 * the UUID is the trace id and its last half the span id, so whoever has one finds the other.
 */
export function traceParent(id: string, ratio: number): string {
  const hex = id.replaceAll('-', '')
  return `00-${hex}-${hex.slice(16)}-${sampled(hex, ratio) ? '01' : '00'}`
}

/** The random end of the id decides, so every node decides alike. */
function sampled(hex: string, ratio: number): boolean {
  return ratio > 0 && Number.parseInt(hex.slice(24), 16) < ratio * 0x1_0000_0000
}

function createSpans(endpoint: string, options: TelemetryOptions) {
  let next = { traceId: '', spanId: '' }
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'portico', 'service.instance.id': options.nodeId }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }))],
    // Spans are made after the fact and one at a time, so the ids can be handed over beside the call.
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
  })
  const tracer = provider.getTracer('portico')
  return {
    exchange(measured: Measured) {
      const hex = measured.id.replaceAll('-', '')
      if (!sampled(hex, options.traceRatio)) return
      next = { traceId: hex, spanId: hex.slice(16) }
      const span = tracer.startSpan(`${measured.method} ${measured.operation}`, {
        kind: SpanKind.SERVER,
        root: true,
        startTime: measured.startedAt,
        attributes: {
          'http.request.method': measured.method,
          'http.response.status_code': measured.status,
          'partner.id': measured.partnerId,
          'app.id': measured.applicationId,
          'api.product': measured.contract,
          'api.version': measured.apiVersion,
          'api.operation': measured.operation,
          mode: measured.environment,
        },
      })
      if (measured.status >= 500) {
        span.setStatus({ code: SpanStatusCode.ERROR, ...(measured.code && { message: measured.code }) })
      }
      span.end(measured.startedAt + measured.durationUs / 1000)
    },
    stop: () => provider.shutdown(),
  }
}
