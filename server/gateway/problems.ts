/** Every way in which the gateway itself says no. What the words mean for a partner stands in `help`. */
import { problem } from '#/kernel/problem/problem.ts'

export const notFound = problem('route.not_found', 404, 'Nothing is served here', {
  help: 'No operation that you can see has this path. Check the path against the API reference of your contract.',
})
export const methodNotAllowed = problem('route.method_not_allowed', 405, 'The path has no such method', {
  help: 'The path exists with other methods; the Allow header lists them.',
})
export const malformedTarget = problem('request.malformed_target', 400, 'The request target is malformed', {
  help: 'The path holds characters, escapes, dot segments or empty segments that two servers could read differently. Send the path as the API reference writes it, and percent-encode only what must be encoded.',
})

export const credentialMissing = problem('auth.missing', 401, 'A credential is needed', {
  help: 'Send your API key as "Authorization: Bearer <key>" or as "X-Api-Key: <key>".',
})
export const credentialAmbiguous = problem(
  'auth.ambiguous',
  400,
  'The request carries more than one credential',
  {
    help: 'Send one credential, in one header line.',
  },
)
export const credentialInUrl = problem('auth.credential_in_url', 400, 'The credential stands in the URL', {
  help: 'URLs are written to logs. Send the credential in a header only, and replace the one that was in the URL.',
})
export const keyMalformed = problem('auth.malformed_key', 401, 'This is not an API key', {
  help: 'The credential does not look like a key of ours. Check that you sent the whole key and nothing else.',
})
export const keyMistyped = problem('auth.mistyped_key', 401, 'The API key has a typing error', {
  help: 'The checksum of the key is wrong: a character is missing or changed. Copy the key again.',
})
export const keyUnknown = problem('auth.unknown_key', 401, 'The API key is unknown', {
  help: 'The key is well-formed but was not issued here. Check the environment that you call.',
})
export const keyRevoked = problem('auth.revoked_key', 401, 'The API key was revoked', {
  help: 'Somebody revoked this key. Create a new one in the portal.',
})
export const keyExpired = problem('auth.expired_key', 401, 'The API key has expired', {
  help: 'The key was valid until a date that has passed. Create a new one in the portal.',
})

export const addressNotAllowed = problem(
  'auth.address_not_allowed',
  403,
  'The key may not be used from here',
  {
    help: 'The key is bound to network addresses, and this call came from another. Call from one of them, or change the list in the portal.',
  },
)
export const scopeMissing = problem('auth.insufficient_scope', 403, 'The key lacks a scope', {
  help: 'The operation needs a scope that the key was not given; the detail names it. Create a key with it in the portal.',
})
export const roleTooSmall = problem('auth.role_too_small', 403, 'Your role does not allow this', {
  help: 'Somebody with a larger role in your organisation can do it, or give you that role.',
})
export const sessionNotServed = problem('auth.session_not_served', 403, 'This is called with an API key', {
  help: 'A signed-in person may call the Partner API (`/partner/…`). Operations of a contract need the key of an application.',
})

export const malformedHeaders = problem(
  'request.malformed_headers',
  400,
  'The request headers contradict each other',
  {
    help: 'A header that may appear once was sent several times. Send it once.',
  },
)
export const bodyTooLarge = problem('request.body_too_large', 413, 'The request content is too large', {
  help: 'The detail says how many bytes are accepted.',
})
export const mediaTypeUnsupported = problem(
  'request.unsupported_media_type',
  415,
  'The content type is not accepted',
  { help: 'The detail lists the media types that the operation accepts. JSON is accepted in UTF-8 only.' },
)
export const encodingUnsupported = problem(
  'request.unsupported_content_encoding',
  415,
  'Compressed content is not accepted',
  { help: 'Send the content as it is, without Content-Encoding.' },
)
export const malformedBody = problem('request.malformed_body', 400, 'The content cannot be read', {
  help: 'The content is not what its Content-Type says: broken JSON, bytes that are not UTF-8, broken percent-encoding, or nesting that is too deep.',
})
export const duplicateMember = problem(
  'request.duplicate_member',
  400,
  'A JSON object names a member twice',
  {
    help: 'Two readers could understand the content differently (RFC 8259 §4). Name every member once.',
  },
)
export const invalidParameters = problem('request.invalid_parameters', 400, 'Parameters break the contract', {
  help: 'The member "errors" lists every violation with the parameter it is about.',
})
export const invalidBody = problem('request.invalid_body', 422, 'The content breaks the contract', {
  help: 'The member "errors" lists every violation with a JSON Pointer into the content.',
})
export const bodyInterrupted = problem('request.interrupted', 400, 'The content ended early', {
  help: 'The connection closed before the announced content had arrived.',
})

export const upstreamUnreachable = problem('upstream.unreachable', 502, 'The service cannot be reached', {
  help: 'The service behind this operation does not accept connections. Nothing was carried out. Try again later.',
  retryable: true,
})
export const upstreamTimeout = problem('upstream.timeout', 504, 'The service did not answer in time', {
  help: 'The service behind this operation took too long. Whether it carried the request out is unknown: for a write, read the state before you repeat it.',
  retryable: true,
})
export const upstreamBroke = problem('upstream.broke', 502, 'The service broke off', {
  help: 'The service behind this operation closed the connection before its answer was complete. Whether it carried the request out is unknown: for a write, read the state before you repeat it.',
  retryable: true,
})
export const upstreamOffContract = problem(
  'upstream.off_contract',
  502,
  'The answer does not hold to its contract',
  {
    help: 'The service behind this operation answered in a way that its contract does not describe, so the answer was withheld. The provider has been told; quote the request id.',
  },
)

export const notCurrent = problem('gateway.not_current', 503, 'What is known is too old to go by', {
  help: 'This node has not heard of its database for so long that your key or your access may have changed. Nothing was done. Try again later.',
  retryable: true,
})
export const notRecorded = problem('gateway.not_recorded', 503, 'The exchange could not be recorded', {
  help: 'Portico does not answer what it cannot account for. The service may have carried the request out. Try again later.',
  retryable: true,
})
