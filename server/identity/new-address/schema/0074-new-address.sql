-- scope: control
-- A new e-mail address that a person asked for and has not confirmed: one a person, the newest. The address is sealed,
-- the token of the link kept as its SHA-256. Locks: identity_person against writes for an instant (foreign key);
-- identity_attempt is read once, beside its readers and writers.
create table identity_new_address (
  person_id uuid primary key references identity_person (id),
  token_digest bytea not null check (octet_length(token_digest) = 32),
  email bytea not null,
  expires_at timestamptz not null
);

create index identity_new_address_expiry on identity_new_address (expires_at);

-- The kinds that 0073 added.
alter table identity_attempt validate constraint identity_attempt_kind_check;
