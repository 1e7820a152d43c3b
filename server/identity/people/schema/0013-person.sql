-- scope: control
-- People, the partners they belong to and the provider's operators. E-mail address and name are sealed; the digest
-- (HMAC under the installation's key) finds a person by address. Erasing a person nulls all three and keeps the id, so
-- that audit and events still point at a row. Locks: identity_partner against writes for an instant (foreign key).
create table identity_person (
  id uuid primary key,
  email_digest bytea unique check (octet_length(email_digest) = 32),
  email bytea,
  name bytea,
  locale text not null,
  state text not null default 'active' check (state in ('active', 'disabled')),
  -- Sessions carry the number they began under; raising it ends all of them.
  session_epoch bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  erased_at timestamptz,
  check ((email_digest is null) = (email is null)),
  check ((erased_at is null) = (email is not null)),
  check (erased_at is null or (name is null and state = 'disabled'))
);

create table identity_membership (
  partner_id uuid not null references identity_partner (id),
  person_id uuid not null references identity_person (id),
  role text not null check (role in ('owner', 'admin', 'developer', 'finance', 'viewer')),
  created_at timestamptz not null default clock_timestamp(),
  primary key (partner_id, person_id)
);

create index identity_membership_person on identity_membership (person_id);

alter table identity_membership enable row level security;
alter table identity_membership force row level security;
create policy portico_owner on identity_membership using (kernel_owns(partner_id)) with check (kernel_owns(partner_id));

create table identity_operator (
  person_id uuid primary key references identity_person (id),
  role text not null check (role in ('admin', 'partner-manager', 'finance', 'support', 'auditor')),
  created_at timestamptz not null default clock_timestamp()
);
