/**
 * Sealing of personal data and authentication of what leaves and comes back (cursors).
 *
 * Envelope encryption: every sealed value has a data key of its own, AES-256-GCM, which is itself encrypted
 * under a key derived from the installation's. Changing the installation's key means re-wrapping the data
 * keys, not the data. Layout: version (1) · wrap nonce (12) · wrapped key (32) · wrap tag (16) · nonce (12) ·
 * tag (16) · ciphertext.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

const version = 1
const head = 1 + 12 + 32 + 16 + 12 + 16

export type Sealer = {
  /** `context` names the row and column; a sealed value moved elsewhere does not open. */
  seal(plain: string, context: string): Buffer
  /** Throws when the bytes, the key or the context are not the ones sealed with. */
  open(sealed: Uint8Array, context: string): string
  /** An authenticated text: its bytes can be read by anyone, but only we can make it. */
  sign(text: string, context: string): string
  /** The text, or null when it was not signed here for this context. */
  verify(signed: string, context: string): string | null
  /** Finds a sealed value again: 32 bytes, the same for the same text and context, made only with our key. */
  digest(text: string, context: string): Buffer
}

export function createSealer(key: Buffer): Sealer {
  const wrapKey = derive(key, 'portico seal wrap 1')
  const signKey = derive(key, 'portico sign 1')
  const digestKey = derive(key, 'portico digest 1')
  const hmac = (secret: Buffer, text: string, context: string) =>
    createHmac('sha256', secret).update(`${context.length}:${context}`).update(text).digest()
  const macOf = (text: string, context: string) => hmac(signKey, text, context).subarray(0, 16)
  return {
    seal(plain, context) {
      const dataKey = randomBytes(32)
      const wrapped = encrypt(wrapKey, dataKey, context)
      const body = encrypt(dataKey, Buffer.from(plain, 'utf8'), context)
      return Buffer.concat([
        Buffer.of(version),
        wrapped.nonce,
        wrapped.bytes,
        wrapped.tag,
        body.nonce,
        body.tag,
        body.bytes,
      ])
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
      if (bytes.length < head || bytes[0] !== version) throw new Error('not a sealed value of this version')
      const part = (from: number, to: number) => bytes.subarray(from, to)
      const dataKey = decrypt(wrapKey, part(1, 13), part(13, 45), part(45, 61), context)
      return decrypt(dataKey, part(61, 73), part(89, bytes.length), part(73, 89), context).toString('utf8')
    },
    sign(text, context) {
      return Buffer.concat([macOf(text, context), Buffer.from(text, 'utf8')]).toString('base64url')
    },
    verify(signed, context) {
      const bytes = Buffer.from(signed, 'base64url')
      if (bytes.length < 16) return null
      const text = bytes.subarray(16).toString('utf8')
      return timingSafeEqual(bytes.subarray(0, 16), macOf(text, context)) ? text : null
    },
    digest: (text, context) => hmac(digestKey, text, context),
  }
}

/** HKDF (RFC 5869) so that each use has a key of its own. */
function derive(key: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', use, 32))
}

function encrypt(key: Buffer, plain: Buffer, context: string) {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'))
  const bytes = Buffer.concat([cipher.update(plain), cipher.final()])
  return { nonce, bytes, tag: cipher.getAuthTag() }
}

function decrypt(key: Buffer, nonce: Buffer, bytes: Buffer, tag: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(bytes), decipher.final()])
}
