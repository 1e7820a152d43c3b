/** Connections that go nowhere they should not: names are looked up and checked here, and what was reached again. */
import { lookup as lookUp } from 'node:dns'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { buildConnector } from 'undici'
import type { Reach } from '#/kernel/outbound/addresses.ts'
import { OutboundError } from '#/kernel/outbound/failure.ts'

/** All addresses of a name. */
export type Resolve = (
  name: string,
  options: LookupOptions,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

export const resolveByDns: Resolve = (name, options, done) =>
  lookUp(name, { ...options, all: true }, (error, addresses) => done(error, addresses))

export type ConnectOptions = {
  readonly reach: (address: string) => Reach
  readonly allowLoopback: boolean
  readonly resolve: Resolve
  /** Milliseconds. */
  readonly timeout: number
}

export function createConnector(options: ConnectOptions): buildConnector.connector {
  const { reach, allowLoopback, resolve, timeout } = options
  const allowed = (address: string) => {
    const found = reach(address)
    return found === 'public' || (found === 'loopback' && allowLoopback)
  }

  // One bad address among good ones is enough to refuse the name: which of them is taken is chance.
  const lookup = (
    name: string,
    wanted: LookupOptions,
    done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ) => {
    resolve(name, wanted, (error, addresses) => {
      const [first] = addresses ?? []
      if (error || !first) done(new OutboundError('name', { cause: error }), [])
      else if (!addresses.every(({ address }) => allowed(address))) done(new OutboundError('address'), [])
      else if (wanted.all) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }

  // Over HTTP/1.1 alone: one exchange at a time on a connection, and bounds that mean something.
  const connect = buildConnector({ lookup, timeout, allowH2: false })
  return (target, callback) => {
    // No name is looked up for a literal.
    if (isIP(target.hostname) !== 0 && !allowed(target.hostname)) {
      callback(new OutboundError('address'), null)
      return
    }
    connect(target, (...[error, socket]) => {
      if (error) callback(error, null)
      else if (allowed(socket.remoteAddress ?? '')) callback(null, socket)
      else {
        socket.destroy()
        callback(new OutboundError('address'), null)
      }
    })
  }
}
