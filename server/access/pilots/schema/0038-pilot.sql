-- scope: control
-- Pilots: limited admission to a capability. Terms and places are rows that are only added. Locks: access_capability
-- and identity_partner against writes for an instant (foreign keys).
create table access_pilot (
  id uuid primary key,
  capability_id uuid not null references access_capability,
  created_at timestamptz not null default clock_timestamp(),
  -- Set once: promoted to general, or given up. A capability has one pilot at a time.
  closed_at timestamptz,
  outcome text check (outcome in ('promoted', 'cancelled')),
  check ((closed_at is null) = (outcome is null))
);

create unique index access_pilot_running on access_pilot (capability_id) where closed_at is null;

create table access_pilot_term (
  id uuid primary key,
  pilot_id uuid not null references access_pilot,
  capacity bigint not null check (capacity > 0),
  -- Business time; null: until it is closed. From then on calls are refused.
  ends_at timestamptz,
  valid_from timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_pilot_term_pilot on access_pilot_term (pilot_id, recorded_at desc);

create table access_pilot_place (
  id uuid primary key,
  pilot_id uuid not null references access_pilot,
  partner_id uuid not null references identity_partner,
  state text not null check (state in ('waiting', 'admitted', 'left')),
  valid_from timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_pilot_place_partner on access_pilot_place (partner_id, pilot_id, recorded_at desc);
create index access_pilot_place_pilot on access_pilot_place (pilot_id, partner_id, recorded_at desc);

alter table access_pilot_place enable row level security;

create policy portico_owner on access_pilot_place using (control.kernel_owns(partner_id));
