-- scope: control
-- Capabilities given to one partner beside its package: by an approved request, or when its pilot was promoted. Rows
-- are only added; `granted` false takes back. Locks: identity_partner against writes for an instant (foreign key).
create table access_grant (
  id uuid primary key,
  partner_id uuid not null references identity_partner,
  capability_id uuid not null references access_capability,
  granted boolean not null,
  source text not null check (source in ('request', 'pilot', 'operator')),
  -- The request or the pilot.
  source_id uuid,
  valid_from timestamptz not null,
  valid_until timestamptz check (valid_until > valid_from),
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_grant_partner on access_grant (partner_id, capability_id, recorded_at desc);
create index access_grant_capability on access_grant (capability_id);

alter table access_grant enable row level security;

create policy portico_owner on access_grant using (control.kernel_owns(partner_id));
