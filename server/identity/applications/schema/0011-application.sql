-- scope: control
-- Applications: what calls, each in one environment. Locks: identity_partner against writes for an instant (foreign key).
create table identity_application (
  id uuid primary key,
  partner_id uuid not null references identity_partner,
  environment text not null check (environment in ('live', 'sandbox')),
  name text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (partner_id, environment, name),
  -- What belongs to an application refers to both, so it cannot stand under another partner.
  unique (partner_id, id)
);
