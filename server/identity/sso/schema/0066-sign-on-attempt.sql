-- scope: control
-- Sign-ins that went to an OpenID provider and have not come back. Taken by being deleted.
-- Locks: identity_person against writes for an instant (foreign key).
create table identity_provider_attempt (
  -- SHA-256 of `state`.
  digest bytea primary key check (octet_length(digest) = 32),
  -- SHA-256 of the cookie of the browser that went.
  browser bytea not null check (octet_length(browser) = 32),
  provider_id uuid not null references identity_provider (id) on delete cascade,
  -- A session's person that proves again who it is; null: a sign-in.
  person_id uuid references identity_person (id),
  -- What only we know until it comes back (nonce, PKCE verifier), sealed.
  secrets bytea not null,
  return_to text not null,
  expires_at timestamptz not null
);

create index identity_provider_attempt_expiry on identity_provider_attempt (expires_at);
