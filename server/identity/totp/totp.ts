/**
 * The second factor by a code generator: begun (a secret is shown), confirmed (one code proves that it works, and
 * recovery codes are shown once), then asked for at every sign-in. How often somebody may try is not decided here:
 * `lockout` counts the tries of a sign-in as a whole.
 */
import { randomBytes } from 'node:crypto'
import type { Sealer } from '#/kernel/crypto/crypto.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { problem } from '#/kernel/problem/problem.ts'
import { base32, digits, matchingStep, otpauthUri } from '#/identity/totp/code.ts'
import { codeDigest, randomCodes, readCode } from '#/identity/totp/recovery.ts'
import * as store from '#/identity/totp/store.ts'

export const alreadyEnrolled = problem('totp.already_enrolled', 409, 'A code generator is in use', {
  help: 'Remove the code generator first, then set up another one.',
})
export const notEnrolled = problem('totp.not_enrolled', 409, 'There is no code generator', {
  help: 'Set up a code generator first.',
})
export const wrongCode = problem('totp.wrong_code', 422, 'This is not the code of this moment', {
  help: 'Enter the six digits the generator shows now. If they are not taken, check the clock of the device.',
})

/** 160 bits, as RFC 4226 §4 recommends. */
const secretLength = 20

export type Enrolment = {
  /** For typing, base 32. */
  readonly secret: string
  /** For a QR code. */
  readonly uri: string
}

/** Begins, or begins again with another secret. Throws `alreadyEnrolled`. */
export async function beginTotp(
  tx: Tx,
  sealer: Sealer,
  personId: string,
  shown: { readonly issuer: string; readonly account: string },
): Promise<Enrolment> {
  const secret = randomBytes(secretLength)
  const sealed = sealer.seal(secret.toString('base64'), place(personId))
  if (!(await store.putTotp(tx, personId, sealed))) throw alreadyEnrolled.with()
  return { secret: base32(secret), uri: otpauthUri(secret, shown.issuer, shown.account) }
}

/** Gives the recovery codes, once. The code that confirmed is spent. Throws `notEnrolled`, `alreadyEnrolled`, `wrongCode`. */
export async function confirmTotp(
  tx: Tx,
  sealer: Sealer,
  personId: string,
  code: string,
  wall: number,
): Promise<string[]> {
  const row = await store.selectTotp(tx, personId)
  if (!row) throw notEnrolled.with()
  if (row.confirmedAt !== null) throw alreadyEnrolled.with()
  const step = matchingStep(open(sealer, personId, row.secret), readDigits(code), wall)
  if (step === null) throw wrongCode.with()
  if (!(await store.confirmTotp(tx, personId, new Date(wall), step))) throw alreadyEnrolled.with()
  tell(tx, personId, 'enrolled', 'totp.enrol')
  return putCodes(tx, sealer, personId)
}

/** With what the person proved it, or null. What was taken once is not taken again, by nobody at the same time either. */
export async function verifyTotp(
  tx: Tx,
  sealer: Sealer,
  personId: string,
  text: string,
  wall: number,
): Promise<'totp' | 'recovery' | null> {
  if (readCode(text) !== null) {
    const spent = await store.spendCode(tx, personId, codeDigest(sealer, personId, text), new Date(wall))
    if (spent) tell(tx, personId, 'recovery_used', 'totp.use_recovery_code')
    return spent ? 'recovery' : null
  }
  const row = await store.selectTotp(tx, personId)
  if (!row || row.confirmedAt === null) return null
  const step = matchingStep(open(sealer, personId, row.secret), readDigits(text), wall)
  return step !== null && (await store.spendStep(tx, personId, step)) ? 'totp' : null
}

/** Null when the person is asked for no code. */
export async function totpState(
  tx: Tx,
  personId: string,
): Promise<{ readonly confirmedAt: Date; readonly codesLeft: number } | null> {
  const row = await store.selectTotp(tx, personId)
  return row && row.confirmedAt !== null ? { confirmedAt: row.confirmedAt, codesLeft: row.codesLeft } : null
}

/** Ten new ones; the old ones are good no more. Throws `notEnrolled`. */
export async function renewRecoveryCodes(tx: Tx, sealer: Sealer, personId: string): Promise<string[]> {
  if (!(await totpState(tx, personId))) throw notEnrolled.with()
  tell(tx, personId, 'recovery_renewed', 'totp.renew_recovery_codes')
  return putCodes(tx, sealer, personId)
}

/** With its recovery codes. Doing it again changes nothing. */
export async function removeTotp(tx: Tx, personId: string): Promise<void> {
  const removed = await store.deleteTotp(tx, personId)
  await store.deleteCodes(tx, personId)
  if (removed && removed.confirmedAt !== null) tell(tx, personId, 'removed', 'totp.remove')
}

async function putCodes(tx: Tx, sealer: Sealer, personId: string): Promise<string[]> {
  const codes = randomCodes()
  await store.deleteCodes(tx, personId)
  await store.insertCodes(
    tx,
    personId,
    codes.map((code) => codeDigest(sealer, personId, code)),
  )
  return codes
}

function tell(tx: Tx, personId: string, event: string, action: string): void {
  tx.emit(`identity.totp_${event}`, { partnerId: null, data: { personId } })
  tx.audit({ action, subject: { kind: 'person', id: personId } })
}

function place(personId: string): string {
  return `identity_totp.secret:${personId}`
}

function open(sealer: Sealer, personId: string, secret: Buffer): Buffer {
  return Buffer.from(sealer.open(secret, place(personId)), 'base64')
}

/** People type the space that generators show; anything else is no code. */
function readDigits(text: string): string {
  const code = text.normalize('NFKC').replaceAll(/\s/g, '')
  return /^\d+$/.test(code) && code.length === digits ? code : ''
}
