/**
 * argon2id (RFC 9106) and the text a hash is kept as, the PHC string format:
 * `$argon2id$v=19$m=65536,t=3,p=1$<salt>$<tag>`, base64 without padding.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'

/** Memory in KiB, passes over it, lanes. */
export type Parameters = { readonly memory: number; readonly passes: number; readonly parallelism: number }

/**
 * The second recommended option of RFC 9106 §4 (64 MiB, three passes) with one lane: Node fills the lanes one after
 * the other, so more of them would cost us time and an attacker none. 0.26 s on the machine that chose it, while
 * others used it; the reference pages on password storage ask for 19 MiB and two passes at least.
 */
export const recommended: Parameters = { memory: 65_536, passes: 3, parallelism: 1 }

const saltLength = 16
const tagLength = 32

type Hash = { readonly parameters: Parameters; readonly salt: Buffer; readonly tag: Buffer }

/** Runs on a thread of libuv's pool. `secret` and `data` are for the vectors of the RFC. */
export function derive(
  password: Buffer,
  salt: Buffer,
  parameters: Parameters,
  more: { readonly secret?: Buffer; readonly associatedData?: Buffer; readonly tagLength?: number } = {},
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const input = { message: password, nonce: salt, tagLength, ...parameters, ...more }
  argon2('argon2id', input, (error, tag) => (error ? reject(error) : resolve(tag)))
  return promise
}

export async function hashPassword(password: string, parameters: Parameters): Promise<string> {
  const salt = randomBytes(saltLength)
  return writePhc({ parameters, salt, tag: await derive(Buffer.from(password, 'utf8'), salt, parameters) })
}

/** With the parameters the hash was made with. Throws when the text is no hash of ours. */
export async function matchesPhc(phc: string, password: string): Promise<boolean> {
  const { parameters, salt, tag } = readPhc(phc)
  const derived = await derive(Buffer.from(password, 'utf8'), salt, parameters, { tagLength: tag.length })
  return timingSafeEqual(derived, tag)
}

/** What no password leads to: for accounts that have none, or that do not exist. */
export function impossiblePhc(parameters: Parameters): string {
  return writePhc({ parameters, salt: randomBytes(saltLength), tag: randomBytes(tagLength) })
}

/** Was it made with less than we ask for today? */
export function isWeaker(phc: string, than: Parameters): boolean {
  const { parameters } = readPhc(phc)
  return parameters.memory < than.memory || parameters.passes < than.passes
}

function writePhc({ parameters, salt, tag }: Hash): string {
  const { memory, passes, parallelism } = parameters
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`
}

const form =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{16,128})$/

function readPhc(phc: string): Hash {
  const found = form.exec(phc)
  if (!found) throw new Error('not a PHC string of argon2id')
  const [memory = 0, passes = 0, parallelism = 0] = found.slice(1, 4).map(Number)
  const bytes = (text = '') => Buffer.from(text, 'base64')
  return { parameters: { memory, passes, parallelism }, salt: bytes(found[4]), tag: bytes(found[5]) }
}
