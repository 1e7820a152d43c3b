/** Takes exchanges through the list of steps, ends each exactly once, and knows which are open. */
import { bareFailure, refusalAnswer } from '#/gateway/answer/refusal.ts'
import { createExchange } from '#/gateway/exchange.ts'
import type { Answer, Exchange, Refused, Request } from '#/gateway/exchange.ts'
import { notCurrent } from '#/gateway/problems.ts'
import type { Recorder } from '#/gateway/recorder.ts'
import type { Snapshot } from '#/gateway/snapshot.ts'
import { refuse as refuseWith, wait } from '#/gateway/step.ts'
import type { Inside, Limits, ParsedKey, Step, Timeouts } from '#/gateway/step.ts'
import { createHeaderWriter } from '#/gateway/upstream/headers.ts'
import { createUpstreams } from '#/gateway/upstream/pools.ts'
import type { Log } from '#/kernel/log/log.ts'

export type GatewayDeps = {
  readonly snapshot: () => Snapshot
  readonly recorder: Recorder
  /** False: what the snapshot knows is too old, and no call is served by it. Asked now and then, not with each call. */
  readonly isCurrent?: () => boolean
  /** `wall` in milliseconds; `monotonicUs` in microseconds. */
  readonly clock: { wall(): number; monotonicUs(): number }
  /** A UUIDv7. */
  readonly newId: () => string
  readonly parseKey: (text: string) => ParsedKey
  /** People who are signed in: the name of their cookie, and who holds it. */
  readonly members?: Inside['members']
  /**
   * The `traceparent` of a request by its id. Without it every request is the sampled root of a trace of its own,
   * so that an upstream which traces what its caller traces goes on doing so.
   */
  readonly traceParent?: (id: string) => string
  /** Public address under which the problem pages stand. */
  readonly problems: { readonly base: string }
  readonly log: Pick<Log, 'error' | 'warn'>
  readonly limits?: Partial<Limits>
  readonly timeouts?: Partial<Timeouts>
  /** Most connections to one upstream; default 256. */
  readonly connections?: number
  /** Who carries whole requests over plain HTTP; default `own`. undici is what `own` is held against. */
  readonly plainClient?: 'own' | 'undici'
}

export type Gateway = {
  /** Answers exactly once; throws nothing. */
  handle(request: Request, respond: (answer: Answer) => void): void
  /** How many exchanges are not over yet. */
  open(): number
  /** Waits for the open exchanges (bounded), breaks off the rest and lets the upstreams go. */
  close(): Promise<void>
}

const defaultLimits: Limits = {
  bodyBytes: 1_048_576,
  uploadBytes: 104_857_600,
  answerBytes: 10_485_760,
  lineBytes: 1_048_576,
  jsonDepth: 64,
}
const defaultTimeouts: Timeouts = { total: 30_000, stalledClient: 60_000, drain: 20_000 }

/** How often open exchanges are looked at, in milliseconds; deadlines are this coarse, and cost no timer each. */
const tickEvery = 250

type Runner = {
  readonly deps: GatewayDeps
  readonly steps: readonly Step[]
  readonly closing: number
  /**
   * Open exchanges, each at its `slot`. Not a `Set`: one that grows and shrinks all the time leaves outgrown
   * tables behind, chained to each other, and each keeps the exchanges of its time until the next full
   * collection: 41 µs of CPU a request instead of 31 (bench/gateway.bench.ts).
   */
  readonly open: Exchange[]
  readonly inside: Inside
  isCurrent: boolean
  /** Somebody waits for the last exchange to end. */
  whenEmpty: (() => void) | null
}

/** `closing`: index of the first step that refused exchanges pass as well. */
export function createRunner(deps: GatewayDeps, steps: readonly Step[], closing: number): Gateway {
  const inside: Inside = {
    snapshot: deps.snapshot,
    recorder: deps.recorder,
    clock: deps.clock,
    parseKey: deps.parseKey,
    members: deps.members ?? null,
    upstreams: createUpstreams({
      connections: deps.connections ?? 256,
      plainClient: deps.plainClient ?? 'own',
    }),
    forwardedHeaders: createHeaderWriter(deps.traceParent ?? rootOfItsOwn),
    limits: { ...defaultLimits, ...deps.limits },
    timeouts: { ...defaultTimeouts, ...deps.timeouts },
    resume: (exchange, verdict) => resume(runner, exchange, verdict),
    crash: (exchange, error) => crash(runner, exchange, error),
    finished: (exchange, bytes, code) => finished(runner, exchange, bytes, code),
    report: (exchange, event, details) => deps.log.warn(describe(exchange, event, details)),
  }
  const runner: Runner = { deps, steps, closing, open: [], inside, isCurrent: true, whenEmpty: null }
  const ticking = setInterval(() => {
    const now = deps.clock.monotonicUs()
    runner.isCurrent = deps.isCurrent?.() ?? true
    // Backwards, because a tick may end its exchange, and then the last one takes its place.
    for (let i = runner.open.length - 1; i >= 0; i--) runner.open[i]?.call?.tick(now)
  }, tickEvery).unref()
  return {
    handle: (request, respond) => handle(runner, request, respond),
    open: () => runner.open.length,
    close: async () => {
      await drained(runner)
      clearInterval(ticking)
      await inside.upstreams.close()
    },
  }
}

function handle(runner: Runner, request: Request, respond: (answer: Answer) => void): void {
  const { clock, newId } = runner.deps
  const exchange = createExchange(newId(), request, clock.wall(), clock.monotonicUs(), respond)
  exchange.slot = runner.open.push(exchange) - 1
  request.gone = () => {
    exchange.clientGone = true
    exchange.call?.clientGone()
  }
  resume(runner, exchange, runner.isCurrent ? null : tooOld)
}

const tooOld = refuseWith(notCurrent, { headers: { 'Retry-After': '5' } })

function resume(runner: Runner, exchange: Exchange, verdict: Refused | null): void {
  const { steps, inside } = runner
  try {
    if (verdict !== null) refuse(runner, exchange, verdict)
    while (exchange.next < steps.length) {
      const outcome = steps[exchange.next++]!(exchange, inside)
      if (outcome === wait) return
      if (outcome !== null) refuse(runner, exchange, outcome)
    }
    deliver(runner, exchange)
  } catch (error) {
    crash(runner, exchange, error)
  }
}

function refuse(runner: Runner, exchange: Exchange, refused: Refused): void {
  if (exchange.answer?.stream) exchange.call?.discard()
  exchange.code = refused.occurrence.decision?.code ?? refused.definition.code
  exchange.metered = false
  exchange.answer = refusalAnswer(exchange, refused, runner.deps.problems.base)
  exchange.responseBytes = Buffer.byteLength(exchange.answer.body)
  exchange.next = Math.max(exchange.next, runner.closing)
}

function deliver(runner: Runner, exchange: Exchange): void {
  if (exchange.delivered) return
  exchange.delivered = true
  const answer = exchange.answer!
  if (answer.stream === null) close(runner, exchange)
  exchange.respond(answer)
}

/** An assertion of ours failed: the request dies, the process lives, and the exchange is recorded all the same. */
function crash(runner: Runner, exchange: Exchange, error: unknown): void {
  runner.deps.log.error(describe(exchange, 'exchange.failed', { err: error }))
  exchange.call?.discard()
  if (exchange.delivered) return
  exchange.code = 'gateway.failed'
  exchange.metered = false
  exchange.answer = bareFailure(exchange.requestId)
  exchange.responseBytes = 0
  // When a closing step itself failed, running it again would fail again.
  exchange.next = exchange.next > runner.closing ? runner.steps.length : runner.closing
  resume(runner, exchange, null)
}

/** A streamed answer came to its end. */
function finished(runner: Runner, exchange: Exchange, bytes: number, code: string | null): void {
  const { environment } = exchange.credential!.application
  const durationUs = Math.round(runner.deps.clock.monotonicUs() - exchange.startedUs)
  runner.deps.recorder.finish({ id: exchange.id, environment, durationUs, responseBytes: bytes, code })
  close(runner, exchange)
}

function close(runner: Runner, exchange: Exchange): void {
  const { open } = runner
  if (exchange.slot === -1) return
  const last = open.pop()!
  if (last !== exchange) {
    open[exchange.slot] = last
    last.slot = exchange.slot
  }
  exchange.slot = -1
  if (open.length === 0) runner.whenEmpty?.()
}

function describe(exchange: Exchange, event: string, details: Readonly<Record<string, unknown>>): object {
  const route = exchange.route ?? exchange.hiddenRoute
  return { event, requestId: exchange.requestId, operation: route?.operation.id, ...details }
}

function rootOfItsOwn(id: string): string {
  const tail = id.slice(19, 23) + id.slice(24)
  return `00-${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${tail}-${tail}-01`
}

function drained(runner: Runner): Promise<void> {
  if (runner.open.length === 0) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, runner.inside.timeouts.drain)
    runner.whenEmpty = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}
