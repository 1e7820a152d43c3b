/** Why a single sign-on came to nothing: for the log, and inside the feature alone. */

/** What came between, for the log. */
export type SsoFailure =
  | 'provider-unknown'
  | 'provider-unreachable'
  | 'provider-misconfigured'
  | 'state-missing'
  | 'state-unknown'
  | 'state-expired'
  | 'provider-other'
  | 'denied'
  | 'answer-invalid'
  | 'code-refused'
  | 'token-invalid'
  | 'email-missing'
  | 'email-unverified'
  | 'email-foreign'
  | 'person-unknown'
  | 'person-disabled'
  | 'person-other'
  | 'place-missing'
  | 'subject-changed'
  | 'at-once'

/** Thrown inside the feature alone; becomes `ssoFailed` and a line in the log. */
export class SsoRefusal extends Error {
  readonly code: SsoFailure
  constructor(code: SsoFailure, cause?: unknown) {
    super(code, { cause })
    this.code = code
  }
}
