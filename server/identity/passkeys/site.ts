/** For whom passkeys are made: the name a browser holds them under, derived from the address people open. */
import { isIP } from 'node:net'
import { passkeysUnavailable } from '#/identity/passkeys/problems.ts'

export type Site = {
  /** Relying party id: the host without its port, so portal and console share the passkeys of a host. */
  readonly id: string
  readonly origin: string
  /** Shown by some browsers. */
  readonly name: string
}

/**
 * An address is no name, so browsers refuse it as a relying party id (WebAuthn §5.1.2 wants a valid domain). What
 * listens on the loopback address can be opened as `localhost` just as well, and there passkeys work: this is what the
 * demo does. Throws `passkeysUnavailable`.
 */
export function passkeySite(publicUrl: string, name: string): Site {
  const url = new URL(publicUrl)
  if (/^(?:127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) url.hostname = 'localhost'
  const id = url.hostname
  const local = id === 'localhost' || id.endsWith('.localhost')
  const address = isIP(id) !== 0 || id.startsWith('[')
  if (address || (url.protocol !== 'https:' && !local)) throw passkeysUnavailable.with()
  return { id, origin: url.origin, name }
}
