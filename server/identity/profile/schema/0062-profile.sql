-- scope: control
-- Onboarding facts of a partner, a row a version: what invoices and agreements will say. Names, addresses, tax ids and
-- contacts are sealed. Locks: identity_partner against writes for an instant (foreign key).
create table identity_profile (
  partner_id uuid not null references identity_partner,
  version bigint not null check (version > 0),
  country text check (country ~ '^[A-Z]{2}$'),
  currency text check (currency ~ '^[A-Z]{3}$'),
  time_zone text,
  sealed bytea not null,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (partner_id, version)
);

alter table identity_profile enable row level security;

create policy portico_owner on identity_profile using (control.kernel_owns(partner_id));
