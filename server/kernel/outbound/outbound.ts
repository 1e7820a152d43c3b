/**
 * Every call of ours to an address that somebody else named: an OpenID provider, a webhook endpoint. It goes to public
 * addresses alone, follows no redirect, decompresses nothing, and is bounded in time and size.
 */
import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { createReach } from '#/kernel/outbound/addresses.ts'
import { createConnector, resolveByDns } from '#/kernel/outbound/connect.ts'
import type { Resolve } from '#/kernel/outbound/connect.ts'
import { OutboundError } from '#/kernel/outbound/failure.ts'

export { OutboundError } from '#/kernel/outbound/failure.ts'
export type { OutboundFailure } from '#/kernel/outbound/failure.ts'

export type OutboundRequest = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | null
  readonly signal?: AbortSignal
  /** Bytes of the answer's body; 64 KiB unless told. */
  readonly maxBytes?: number
}

export type Outbound = {
  /** Throws `OutboundError`. Any status is an answer, a redirect too. */
  fetch(url: string, request?: OutboundRequest): Promise<Response>
  /** The same checks without the call, for an address that is about to be kept: null when it may be called. */
  objection(url: string): OutboundError | null
  close(): Promise<void>
}

export type OutboundOptions = {
  /** For development and tests: this machine may be called, over plain HTTP and at any port. Never in production. */
  readonly allowLoopback: boolean
  /** Besides 443. */
  readonly ports?: readonly number[]
  readonly resolve?: Resolve
  /** Milliseconds. */
  readonly times?: { readonly connect: number; readonly headers: number; readonly total: number }
}

const defaultTimes = { connect: 5000, headers: 15_000, total: 30_000 }

/** Bytes. */
const defaultSize = 64 * 1024

export function createOutbound(options: OutboundOptions): Outbound {
  const { allowLoopback, resolve = resolveByDns, times = defaultTimes } = options
  const reach = createReach()
  const agent = new Agent({
    connect: createConnector({ reach, allowLoopback, resolve, timeout: times.connect }),
    headersTimeout: times.headers,
    bodyTimeout: times.headers,
    maxHeaderSize: 16 * 1024,
    pipelining: 1,
  })

  const objection = (text: string): OutboundError | null => {
    if (!URL.canParse(text)) return new OutboundError('name')
    // Parsing brings 2130706433, 0x7f.1 and other spellings of an address into the one we check.
    const url = new URL(text)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const found = /^[\d.]+$|:/.test(host) ? reach(host) : null
    const local = allowLoopback && (found === 'loopback' || host === 'localhost')
    if (url.username !== '' || url.password !== '') return new OutboundError('credentials')
    if (url.protocol !== 'https:' && !(local && url.protocol === 'http:')) return new OutboundError('scheme')
    if (found !== null && found !== 'public' && !local) return new OutboundError('address')
    const port = Number(url.port || 443)
    if (!local && port !== 443 && !options.ports?.includes(port)) return new OutboundError('port')
    return null
  }

  return {
    objection,
    async fetch(url, { method = 'GET', headers = {}, body = null, signal, maxBytes = defaultSize } = {}) {
      const refused = objection(url)
      if (refused) throw refused
      const total = AbortSignal.timeout(times.total)
      try {
        const answer = await request(url, {
          dispatcher: agent,
          method,
          headers: { ...headers, 'accept-encoding': 'identity' },
          body,
          signal: signal ? AbortSignal.any([total, signal]) : total,
        })
        return await readAnswer(answer, maxBytes)
      } catch (error) {
        throw failureOf(error, total)
      }
    },
    close: () => agent.destroy(),
  }
}

async function readAnswer(answer: Dispatcher.ResponseData, maxBytes: number): Promise<Response> {
  const chunks: Buffer[] = []
  let size = 0
  if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity') {
    // Unheard, the error of a body that is given up would end the process.
    answer.body.on('error', () => {}).destroy()
    throw new OutboundError('encoded')
  }
  // Leaving the loop early closes the connection.
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new OutboundError('too-large')
    chunks.push(chunk)
  }
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one)
  }
  const status = answer.statusCode
  const empty = status === 204 || status === 205 || status === 304
  return new Response(empty ? null : Buffer.concat(chunks), { status, headers })
}

function failureOf(error: unknown, total: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  const code = (error as { code?: string }).code ?? ''
  if (total.aborted || /TIMEOUT/.test(code)) return new OutboundError('timeout', { cause: error })
  // What failed before the first byte was sent: refused, unreachable, a certificate that is not good.
  const early = /^(?:ECONN(?:REFUSED)|EHOST|ENET|EADDR|ERR_TLS|ERR_SSL|CERT|UNABLE_|DEPTH_|SELF_SIGNED)/.test(
    code,
  )
  return new OutboundError(early ? 'connect' : 'broken', { cause: error })
}
