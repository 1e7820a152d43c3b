-- scope: control
-- A person's password: the PHC string of argon2id, sealed, so that a copy of the database alone gives nothing to guess
-- against. Locks: identity_person against writes for an instant (foreign key).
create table identity_password (
  person_id uuid primary key references identity_person (id),
  phc bytea not null,
  changed_at timestamptz not null
);
