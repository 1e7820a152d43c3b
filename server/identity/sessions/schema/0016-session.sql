-- scope: control
-- Sessions of people in the portal and in the console. Of the token stays its SHA-256; where it was seen from is coarse
-- (a network, a kind of browser) and sealed. A session is a person's, not a partner's: it names the partner the person
-- acts for at the moment. What has ended is deleted. Locks: identity_person and identity_partner against writes for an
-- instant (foreign keys).
create table identity_session (
  id uuid primary key,
  token_digest bytea not null unique check (octet_length(token_digest) = 32),
  person_id uuid not null references identity_person (id),
  realm text not null check (realm in ('portal', 'console')),
  acting_partner_id uuid references identity_partner (id),
  -- Over as soon as the person's number is another one.
  epoch bigint not null,
  method text not null check (method in ('password', 'passkey', 'sso')),
  factors text[] not null,
  seen_from bytea not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  stepped_up_at timestamptz,
  check ((realm = 'portal') = (acting_partner_id is not null))
);

create index identity_session_person on identity_session (person_id);
create index identity_session_expires on identity_session (expires_at);
