/** One-time codes: HOTP (RFC 4226) over time steps (RFC 6238), and the text that generators read. */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** What every generator can do: SHA-1, six digits, thirty seconds. Others ignore what differs from it. */
export const digits = 6
const periodSeconds = 30

/** One step before and one after: a clock may be half a minute off, and typing takes time (RFC 6238 §5.2). */
const window = 1

/** RFC 4226 §5.3. */
export function codeAt(secret: Buffer, counter: number, length = digits): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac('sha1', secret).update(message).digest()
  const offset = mac[19]! & 0xf
  const number = mac.readUInt32BE(offset) & 0x7f_ff_ff_ff
  return String(number % 10 ** length).padStart(length, '0')
}

export function stepAt(wall: number): number {
  return Math.floor(wall / 1000 / periodSeconds)
}

/** The step the code belongs to, or null. Looks at all steps in the same time, whichever it is. */
export function matchingStep(secret: Buffer, code: string, wall: number): number | null {
  const given = Buffer.from(code, 'utf8')
  const now = stepAt(wall)
  let found: number | null = null
  for (let step = now - window; step <= now + window; step += 1) {
    const expected = Buffer.from(codeAt(secret, step), 'utf8')
    if (given.length === expected.length && timingSafeEqual(given, expected)) found = step
  }
  return found
}

const base32Letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 §6, without padding, as generators want it. */
export function base32(bytes: Buffer): string {
  let text = ''
  let value = 0
  let bits = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xff_ff
    bits += 8
    for (; bits >= 5; bits -= 5) text += base32Letters.charAt((value >> (bits - 5)) & 31)
  }
  return bits > 0 ? text + base32Letters.charAt((value << (5 - bits)) & 31) : text
}

/** What a generator reads from a QR code. */
export function otpauthUri(secret: Buffer, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  const query = `secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}`
  return `otpauth://totp/${label}?${query}&algorithm=SHA1&digits=${digits}&period=${periodSeconds}`
}
