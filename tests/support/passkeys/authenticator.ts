/**
 * An authenticator in software: makes ES256 keys and answers as a browser hands it on (WebAuthn Level 3 §5.1, §6),
 * rightly or, where a test says so, wrongly.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { AssertionAnswer, RegistrationAnswer } from '#/identity/passkeys/passkeys.ts'

type CreationOptions = {
  readonly challenge: string
  readonly rp: { readonly id?: string }
  readonly user: { readonly id: string }
}
type RequestOptions = { readonly challenge: string; readonly rpId?: string }

/** What an answer says; everything left out is as it should be. */
export type Bent = {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly challenge?: string
  readonly counter?: number
  readonly userPresent?: boolean
  readonly userVerified?: boolean
  readonly backedUp?: boolean
  readonly backupEligible?: boolean
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
  readonly userHandle?: string | null
  readonly attestation?: { readonly format: string; readonly statement: ReadonlyMap<string, unknown> }
  /** Signs with a key that is not the passkey's. */
  readonly foreignKey?: boolean
}

export type Credential = {
  readonly id: Buffer
  readonly privateKey: KeyObject
  /** COSE_Key (RFC 9053 §7.1). */
  readonly publicKey: Buffer
  readonly userHandle: string
  counter: number
}

export type Authenticator = {
  create(options: CreationOptions, bent?: Bent): { credential: Credential; answer: RegistrationAnswer }
  get(credential: Credential, options: RequestOptions, bent?: Bent): AssertionAnswer
}

const flag = { present: 1, verified: 4, backupEligible: 8, backedUp: 16, attested: 64 } as const

/** `counts`: keeps a counter, as devices do; else it says 0 for ever, as what is synchronised does. */
export function createAuthenticator(origin: string, counts = true, synchronised = false): Authenticator {
  const clientData = (type: string, challenge: string, bent: Bent) =>
    Buffer.from(
      JSON.stringify({
        type: bent.type ?? type,
        challenge: bent.challenge ?? challenge,
        origin: bent.origin ?? origin,
        crossOrigin: bent.crossOrigin ?? false,
        ...(bent.topOrigin !== undefined && { topOrigin: bent.topOrigin }),
      }),
    )
  const head = (rpId: string, counter: number, bent: Bent, more: number) => {
    const flags =
      more |
      (bent.userPresent === false ? 0 : flag.present) |
      (bent.userVerified === false ? 0 : flag.verified) |
      ((bent.backupEligible ?? synchronised) ? flag.backupEligible : 0) |
      ((bent.backedUp ?? synchronised) ? flag.backedUp : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(bent.counter ?? counter)
    return Buffer.concat([sha256(bent.rpId ?? rpId), Buffer.of(flags), count])
  }
  return {
    create(options, bent = {}) {
      const credential = makeCredential(options.user.id)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(credential.id.length)
      const authData = Buffer.concat([
        head(options.rp.id ?? '', credential.counter, bent, flag.attested),
        Buffer.alloc(16),
        length,
        credential.id,
        credential.publicKey,
      ])
      const { format, statement } = bent.attestation ?? { format: 'none', statement: new Map() }
      const attestation = new Map<string, unknown>([
        ['fmt', format],
        ['attStmt', statement],
        ['authData', authData],
      ])
      const response = {
        clientDataJSON: clientData('webauthn.create', options.challenge, bent).toString('base64url'),
        attestationObject: cbor(attestation).toString('base64url'),
        transports: ['internal'],
      }
      return { credential, answer: { ...naming(credential), response } }
    },
    get(credential, options, bent = {}) {
      if (counts) credential.counter += 1
      const data = clientData('webauthn.get', options.challenge, bent)
      const authData = head(options.rpId ?? '', credential.counter, bent, 0)
      const key = bent.foreignKey ? makeCredential('').privateKey : credential.privateKey
      const userHandle = bent.userHandle === undefined ? credential.userHandle : bent.userHandle
      const response = {
        clientDataJSON: data.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign('sha256', Buffer.concat([authData, sha256(data)]), key).toString('base64url'),
        ...(userHandle !== null && { userHandle }),
      }
      return { ...naming(credential), response }
    },
  }
}

function makeCredential(userHandle: string): Credential {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const cose = new Map<number, unknown>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ])
  return { id: randomBytes(32), privateKey, publicKey: cbor(cose), userHandle, counter: 0 }
}

function naming({ id }: Credential) {
  const text = id.toString('base64url')
  return { id: text, rawId: text, type: 'public-key' as const }
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

/** What of CBOR (RFC 8949 §3) is needed here: whole numbers, bytes, text, arrays, maps. */
export function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value < 0 ? start(1, -1 - value) : start(0, value)
  if (Buffer.isBuffer(value)) return Buffer.concat([start(2, value.length), value])
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8')
    return Buffer.concat([start(3, text.length), text])
  }
  if (Array.isArray(value)) return Buffer.concat([start(4, value.length), ...value.map(cbor)])
  if (value instanceof Map) {
    return Buffer.concat([
      start(5, value.size),
      ...[...value].flatMap(([key, held]) => [cbor(key), cbor(held)]),
    ])
  }
  throw new Error(`no CBOR for ${typeof value}`)
}

/** A major type and its argument. */
function start(type: number, argument: number): Buffer {
  const major = type << 5
  if (argument < 24) return Buffer.of(major | argument)
  if (argument < 256) return Buffer.of(major | 24, argument)
  return Buffer.of(major | 25, argument >> 8, argument & 255)
}
