/** Where somebody was seen from, as coarse as it can be and still be recognised by the person itself. */
import { isIPv4, isIPv6 } from 'node:net'
import type { Sealer } from '#/kernel/crypto/crypto.ts'

export type SeenFrom = {
  /** `203.0.113.0/24`, `2001:db8:1::/48`. */
  readonly network: string
  /** `Firefox on Linux`. */
  readonly agent: string
}

export function seenFrom(address: string, userAgent: string | undefined): SeenFrom {
  return { network: networkOf(address, { v4: 24, v6: 48 }), agent: agentOf(userAgent ?? '') }
}

export function sealSeenFrom(sealer: Sealer, sessionId: string, seen: SeenFrom): Buffer {
  return sealer.seal(JSON.stringify(seen), place(sessionId))
}

export function openSeenFrom(sealer: Sealer, sessionId: string, sealed: Buffer): SeenFrom {
  return JSON.parse(sealer.open(sealed, place(sessionId))) as SeenFrom
}

function place(sessionId: string): string {
  return `identity_session.seen_from:${sessionId}`
}

/** The network an address is in, in one spelling; `unknown` for what is none. An IPv4 address in IPv6 clothes is IPv4. */
export function networkOf(address: string, bits: { readonly v4: number; readonly v6: number }): string {
  const bare = address.split('%', 1)[0] ?? ''
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare
  if (isIPv4(mapped)) return `${masked(mapped.split('.').map(Number), 8, bits.v4).join('.')}/${bits.v4}`
  if (!isIPv6(mapped)) return 'unknown'
  const groups = masked(groupsOf(mapped), 16, bits.v6).map((group) => group.toString(16))
  // URL writes the shortest form (RFC 5952), so that one network has one name.
  return `${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}/${bits.v6}`
}

/** The eight groups of an IPv6 address that `isIPv6` found good. */
function groupsOf(address: string): number[] {
  const hostname = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = hostname.split('::')
  const parts = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  if (tail === undefined) return parts(head)
  const [front, back] = [parts(head), parts(tail)]
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back]
}

/** Keeps the first `bits` of numbers that are `width` bits each. */
function masked(numbers: readonly number[], width: number, bits: number): number[] {
  return numbers.map((number, i) => {
    const kept = Math.min(width, Math.max(0, bits - i * width))
    return Math.floor(number / 2 ** (width - kept)) * 2 ** (width - kept)
  })
}

/** In this order: most browsers also name those they descend from. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg/, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\/|\bChromium\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]

const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone|\biPad/, 'iOS'],
  [/\bAndroid/, 'Android'],
  [/\bWindows/, 'Windows'],
  [/\bMac OS X|\bMacintosh/, 'macOS'],
  [/\bCrOS/, 'ChromeOS'],
  [/\bLinux/, 'Linux'],
]

/** The kind of browser and system, without versions: enough to say "that was me", too little to follow anybody. */
function agentOf(userAgent: string): string {
  const first = (kinds: readonly (readonly [RegExp, string])[]) =>
    kinds.find(([pattern]) => pattern.test(userAgent))?.[1]
  const [browser, system] = [first(browsers), first(systems)]
  return [browser ?? 'Another program', ...(system ? [`on ${system}`] : [])].join(' ')
}
