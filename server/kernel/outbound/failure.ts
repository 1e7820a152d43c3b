/** Why a call to somebody else's server came to nothing. For our log: what is at an address is nobody's business. */

const sentences = {
  address: 'the address is not a public one',
  scheme: 'the address does not begin with https://',
  credentials: 'the address holds a password',
  port: 'the port is not one that calls go to',
  name: 'the name has no address',
  connect: 'no connection came about',
  timeout: 'it took too long',
  'too-large': 'the answer is too large',
  encoded: 'the answer is compressed, which was not asked for',
  broken: 'the exchange broke off',
} as const

export type OutboundFailure = keyof typeof sentences

export class OutboundError extends Error {
  readonly code: OutboundFailure
  constructor(code: OutboundFailure, options: { readonly cause?: unknown } = {}) {
    super(sentences[code], options)
    this.code = code
  }
}
