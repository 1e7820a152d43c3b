-- scope: control
-- Passkeys, and the challenges that open ceremonies wait for. A public key is no secret; the name somebody gave a
-- passkey is personal and sealed. Locks: identity_person against writes for an instant (foreign keys).
create table identity_passkey (
  id uuid primary key,
  person_id uuid not null references identity_person (id),
  -- Chosen by the authenticator (WebAuthn §4: at most 1023 bytes).
  credential_id bytea not null unique check (octet_length(credential_id) between 16 and 1023),
  public_key bytea not null,
  -- An unsigned 32-bit number of the authenticator; always 0 where it keeps none.
  counter bigint not null check (counter between 0 and 4294967295),
  transports text[] not null,
  -- May it be copied to other devices, and was it?
  backup_eligible boolean not null,
  backed_up boolean not null,
  model uuid not null,
  name bytea not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  -- Set when its counter went back: somebody else may hold a copy.
  suspended_at timestamptz
);

create index identity_passkey_person on identity_passkey (person_id);

-- Taken by being deleted. Whoever began a ceremony and who may end it: a session, a sign-in that waits for its second
-- factor, or the holder of a token that nobody is signed in with.
create table identity_passkey_challenge (
  digest bytea primary key check (octet_length(digest) = 32),
  purpose text not null check (purpose in ('register', 'sign-in', 'second-factor', 'step-up')),
  person_id uuid references identity_person (id),
  holder bytea not null check (octet_length(holder) = 32),
  expires_at timestamptz not null,
  check ((person_id is null) = (purpose = 'sign-in'))
);

create index identity_passkey_challenge_expiry on identity_passkey_challenge (expires_at);
