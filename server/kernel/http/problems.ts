/** What every HTTP surface of ours may refuse with. */
import { problem } from '#/kernel/problem/problem.ts'

export const NotFound = problem('http.not_found', 404, 'There is nothing here', {
  help: 'The address is not one of ours. Check it against the reference.',
})
export const BadRequest = problem('http.bad_request', 400, 'The request cannot be read', {
  help: 'The request is not well-formed: its syntax, its length or its encoding. Nothing was changed.',
})
export const Invalid = problem('http.invalid', 422, 'The request does not match what this address takes', {
  help: '`errors` lists every place that does not match. Nothing was changed.',
})
export const BadCursor = problem('http.bad_cursor', 400, 'This cursor does not continue this list', {
  help: 'A cursor goes with the very query that returned it. Begin again without one.',
})
export const HeadTooLarge = problem('http.head_too_large', 431, 'The head of the request is too large', {
  help: 'The address and the headers together may have 32 KiB.',
})
export const TooSlow = problem('http.too_slow', 408, 'The request did not arrive in time', {
  help: 'The head of a request must arrive within 15 seconds, all of it within two minutes.',
  retryable: true,
})
export const NotTls = problem('http.not_tls', 400, 'This port speaks HTTPS', {
  help: 'The request came in plain HTTP. Use the address that begins with `https://`.',
})
export const TooLarge = problem('http.too_large', 413, 'The body is too large', {
  help: 'Send less at once.',
})
export const UnsupportedMedia = problem(
  'http.unsupported_media_type',
  415,
  'This content type is not taken',
  {
    help: 'Send `Content-Type: application/json`.',
  },
)
export const Starting = problem('http.not_ready', 503, 'Portico is not ready', {
  help: 'It is starting or stopping. Ask again after the seconds in `Retry-After`.',
  retryable: true,
})
export const LiveKeyNeeded = problem('auth.live_key_needed', 403, 'A key of the sandbox may not do this', {
  help: 'The organisation itself (team, profile, audit) is the same in both environments, so a key of the sandbox does not reach it. Use a live key with the scope, or sign in.',
})
