/** The demo's passwords: the same from start to start, and different in every installation. */
import { createHmac } from 'node:crypto'

/** Without those that look alike. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789'

/** Four groups of five, 99 bits, to be read aloud: `kx3mp-8wtrd-…`. */
export function deriveDemoPassword(secret: string, name: string): string {
  const digest = createHmac('sha256', secret).update(`portico demo password 1:${name}`).digest('hex')
  let rest = BigInt(`0x${digest}`)
  const base = BigInt(letters.length)
  const groups = Array.from({ length: 4 }, () => {
    let group = ''
    while (group.length < 5) {
      group += letters.charAt(Number(rest % base))
      rest /= base
    }
    return group
  })
  return groups.join('-')
}
