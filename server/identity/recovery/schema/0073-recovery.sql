-- scope: control
-- A forgotten password: who asked for a letter (any address, whether somebody has it), and the links that were sent.
-- A request is kept as the digest of its address until it is answered, a second or so; a link as the SHA-256 of its
-- token. Letters are counted like tries. Locks: identity_person against writes for an instant (foreign key),
-- identity_attempt against everything for an instant; its rows are checked by the next migration.
create table identity_recovery_request (
  id uuid primary key,
  email_digest bytea not null check (octet_length(email_digest) = 32),
  realm text not null check (realm in ('portal', 'console'))
);

create table identity_recovery_link (
  token_digest bytea primary key check (octet_length(token_digest) = 32),
  person_id uuid not null references identity_person (id),
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create index identity_recovery_link_person on identity_recovery_link (person_id);
create index identity_recovery_link_expiry on identity_recovery_link (expires_at);

alter table identity_attempt drop constraint identity_attempt_kind_check;

alter table identity_attempt add constraint identity_attempt_kind_check
check (kind in ('account', 'address', 'device', 'person', 'letter', 'asker')) not valid;
