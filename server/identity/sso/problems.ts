/** What can be refused about single sign-on: to the person one thing, to us what it was. */
import { problem } from '#/kernel/problem/problem.ts'

export const ssoFailed = problem('auth.sso_failed', 401, 'The single sign-on was refused', {
  help: 'Begin again from the sign-in page. If it stays so, ask whoever looks after single sign-on in your organisation; they find the reason with us under the `requestId`.',
})
export const providerNotFound = problem('sso.not_found', 404, 'There is no such single sign-on', {
  help: 'The organisation has no single sign-on with this id. Check it against the list.',
})
export const issuerInvalid = problem('sso.issuer_invalid', 422, 'This is no issuer of an OpenID provider', {
  help: 'Write it as the provider states it: an `https://` address that the internet can reach, without a query, whose `/.well-known/openid-configuration` can be read.',
})
export const domainInvalid = problem('sso.domain_invalid', 422, 'This is no domain of e-mail addresses', {
  help: 'Write what stands behind the `@`, `example.com`, without a `*`.',
})
export const domainTaken = problem('sso.domain_taken', 409, 'The domain has another single sign-on', {
  help: 'Addresses of one domain are signed in by one OpenID provider. Take the domain away from the other first.',
})
export const domainsByProvider = problem(
  'sso.domains_by_provider',
  403,
  'Only an operator sets the domains',
  {
    help: 'Whoever speaks for a domain can sign in everybody with an address there, so an operator of the provider checks whose it is. Ask them.',
  },
)
export const ssoUntried = problem('sso.untried', 409, 'Nobody has signed in this way yet', {
  help: 'Sign in through it once before it becomes the only way: so nobody is shut out by a mistake in it.',
})
export const ssoNotLinked = problem('auth.sso_not_linked', 409, 'No single sign-on vouches for you here', {
  help: 'Prove who you are with your password or passkey. Single sign-on does it once you have signed in through it to the organisation you act for.',
})
