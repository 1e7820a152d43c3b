/** Recovery codes: ten, each good once, for whoever lost the generator. */
import { randomBytes } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'

const count = 10

/** Crockford's base 32: no letter that looks like a digit, so that a code can be copied by hand. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Twelve letters of five bits, 60: `7K2M-QX0P-9TRA`. */
export function randomCodes(): string[] {
  return Array.from({ length: count }, () => {
    const code = Array.from(randomBytes(12), (byte) => letters.charAt(byte & 31)).join('')
    return `${code.slice(0, 4)}-${code.slice(4, 8)}-${code.slice(8)}`
  })
}

/** As it was meant: in any case, with or without hyphens, O for 0 and I or L for 1. Null when it is no such code. */
export function readCode(text: string): string | null {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{12}$/.test(code) ? code : null
}

/** Under the installation's key: whoever has only the database cannot try the 2^60 codes against it. */
export function codeDigest(sealer: Sealer, personId: string, code: string): Buffer {
  return sealer.digest(readCode(code) ?? '', `identity_recovery_code.digest:${personId}`)
}
