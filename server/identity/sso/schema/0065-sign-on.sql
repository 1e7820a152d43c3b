-- scope: control
-- Single sign-on: the OpenID providers of partners (partner_id null: the provider's own, for operators), the e-mail
-- domains each may speak for, and whom each has spoken for. Locks: identity_partner and identity_person against writes
-- for an instant (foreign keys).
create table identity_provider (
  id uuid primary key,
  partner_id uuid references identity_partner (id),
  name text not null check (length(name) between 1 and 120),
  -- Never changed: whom it spoke for is known by names that mean nothing elsewhere.
  issuer text not null check (length(issuer) between 1 and 500),
  client_id text not null check (length(client_id) between 1 and 500),
  client_secret bytea not null,
  -- Who signs in here may not sign in otherwise.
  enforced boolean not null default false,
  -- The role somebody unknown gets at the first sign-in; null: nobody unknown comes in.
  join_role text check (join_role in ('developer', 'finance', 'viewer')),
  created_at timestamptz not null,
  check (join_role is null or partner_id is not null)
);

create index identity_provider_partner on identity_provider (partner_id);

alter table identity_provider enable row level security;
alter table identity_provider force row level security;
create policy portico_owner on identity_provider using (kernel_owns(partner_id)) with check (kernel_owns(partner_id));

create table identity_provider_domain (
  domain text not null check (domain = lower(domain)),
  -- Partners and the provider stand side by side: the provider may be a partner's employer.
  operators boolean not null,
  provider_id uuid not null references identity_provider (id) on delete cascade,
  primary key (domain, operators)
);

create index identity_provider_domain_provider on identity_provider_domain (provider_id);

create table identity_provider_subject (
  provider_id uuid not null references identity_provider (id) on delete cascade,
  -- The provider's own name for the person, which stays when the e-mail address changes.
  subject text not null check (octet_length(subject) between 1 and 255),
  person_id uuid not null references identity_person (id),
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (provider_id, subject),
  unique (provider_id, person_id)
);

create index identity_provider_subject_person on identity_provider_subject (person_id);
