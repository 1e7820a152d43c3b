-- scope: control
-- Second factor by a code generator (RFC 6238) and the codes for whoever lost it. The secret is sealed; of a recovery
-- code stays a digest under the installation's key. Locks: identity_person against writes for an instant (foreign key).
create table identity_totp (
  person_id uuid primary key references identity_person (id),
  secret bytea not null,
  -- Null while the person has not shown that the generator works: nobody is asked for its codes until then.
  confirmed_at timestamptz,
  -- The latest time step a code was taken for; no code of it or of an earlier one is taken again.
  last_step bigint
);

create table identity_recovery_code (
  person_id uuid not null references identity_person (id),
  digest bytea not null check (octet_length(digest) = 32),
  used_at timestamptz,
  primary key (person_id, digest)
);
