/** What a key may be bound to: scopes, and the networks it is used from. */
import { BlockList, isIP } from 'node:net'
import { problem } from '#/kernel/problem/problem.ts'
import type { ProblemError } from '#/kernel/problem/problem.ts'

export const boundsInvalid = problem('keys.bounds_invalid', 422, 'These bounds cannot be kept', {
  help: '`errors` names each scope or network that cannot be right. A network is an address, or a range such as `203.0.113.0/24`.',
})

export type Bounds = {
  /** Null: everything the application is entitled to. */
  readonly scopes: readonly string[] | null
  /** Addresses and CIDR ranges; null: from anywhere. */
  readonly networks: readonly string[] | null
}

export const unbound: Bounds = { scopes: null, networks: null }

const mostOfEach = 50

/** Throws `boundsInvalid`; gives the networks as PostgreSQL takes them (RFC 4632, host bits zero). */
export function checkBounds(bounds: Bounds): Bounds {
  const errors: ProblemError[] = []
  const say = (pointer: string, detail: string) =>
    errors.push({ in: 'body', pointer, code: 'format', detail })
  for (const [i, scope] of bounds.scopes?.entries() ?? []) {
    // RFC 6749 §3.3: visible ASCII without quotes and backslashes.
    if (!/^[\x21\x23-\x5B\x5D-\x7E]{1,100}$/.test(scope)) say(`#/scopes/${i}`, 'is not a scope')
  }
  const networks = bounds.networks?.map((text, i) => {
    const network = normaliseNetwork(text)
    if (network === null) say(`#/networks/${i}`, 'is neither an address nor a range')
    return network ?? text
  })
  for (const name of ['scopes', 'networks'] as const) {
    const list = bounds[name]
    if (list?.length === 0)
      say(`#/${name}`, 'is empty, so the key could never be used; leave it out for no bound')
    if (list && list.length > mostOfEach) say(`#/${name}`, `has more than ${mostOfEach} entries`)
  }
  if (errors.length > 0) throw boundsInvalid.with({ errors })
  return { scopes: bounds.scopes === null ? null : [...new Set(bounds.scopes)], networks: networks ?? null }
}

/** Whether a key with the one can do nothing that a key with the other cannot. Both as `checkBounds` gives them. */
export function isWithin(inner: Bounds, outer: Bounds): boolean {
  const { scopes, networks } = outer
  const inScopes = scopes === null || (inner.scopes?.every((scope) => scopes.includes(scope)) ?? false)
  // A range that only several of the outer ones cover together counts as outside: it can be written as those.
  const holds = (network: string) => networks?.some((other) => isInside(network, other)) ?? true
  return inScopes && (networks === null || (inner.networks?.every(holds) ?? false))
}

function isInside(network: string, other: string): boolean {
  const [address = '', length] = network.split('/')
  const [otherAddress = '', otherLength] = other.split('/')
  const sameFamily = isIP(address) === isIP(otherAddress)
  return sameFamily && Number(length) >= Number(otherLength) && networkCheck([other])(address)
}

function normaliseNetwork(text: string): string | null {
  const [address = '', length, more] = text.trim().split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined || address.includes('%')) return null
  const bits = family === 4 ? 32 : 128
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (!(prefix >= 0 && prefix <= bits)) return null
  const masked = maskOf(address, family, prefix)
  return `${masked}/${prefix}`
}

/** The address with its host bits cleared, which `cidr` asks for. */
function maskOf(address: string, family: number, prefix: number): string {
  const bytes = bytesOf(address, family)
  for (let bit = prefix; bit < bytes.length * 8; bit += 1) bytes[bit >> 3]! &= ~(0x80 >> (bit & 7))
  if (family === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16))
  return groups.join(':')
}

function bytesOf(address: string, family: number): Uint8Array {
  if (family === 4) return Uint8Array.from(address.split('.').map(Number))
  // The URL parser writes every form of an IPv6 address (RFC 4291 §2.2) in one way, without a dotted tail.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groupsOf = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [groupsOf(head), groupsOf(tail ?? '')]
  const groups = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

/** Made once for a key and asked at each of its calls. */
export function networkCheck(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', length = ''] = network.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    list.addSubnet(address, length === '' ? (family === 'ipv4' ? 32 : 128) : Number(length), family)
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}
