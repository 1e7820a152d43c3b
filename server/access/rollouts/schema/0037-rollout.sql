-- scope: control
-- How far a capability is switched on in an environment, and the attributes of partners that cohorts go by. Rows are
-- only added. Locks: access_capability and identity_partner against writes for an instant (foreign keys).
create table access_rollout (
  id uuid primary key,
  capability_id uuid not null references access_capability,
  environment text not null check (environment in ('live', 'sandbox')),
  -- `{kind: off | on}`, `{kind: percentage, percent}`, `{kind: cohort, partners, rule}`: see rollouts/rollouts.ts.
  rollout jsonb not null,
  valid_from timestamptz not null,
  valid_until timestamptz check (valid_until > valid_from),
  -- Rolled back to this word, so that rolling back again goes further back and not forward.
  restores uuid references access_rollout,
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_rollout_capability on access_rollout (capability_id, environment, recorded_at desc);

create table access_attribute (
  id uuid primary key,
  partner_id uuid not null references identity_partner,
  name text not null check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  -- Null: taken away.
  value text,
  valid_from timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_attribute_partner on access_attribute (partner_id, name, recorded_at desc);

alter table access_attribute enable row level security;

create policy portico_owner on access_attribute using (control.kernel_owns(partner_id));

-- What was there before there were rollouts was on for everyone.
insert into access_rollout (id, capability_id, environment, rollout, valid_from, recorded_at)
select gen_random_uuid(), capability.id, environment.name, '{"kind": "on"}', capability.created_at, capability.created_at
from access_capability as capability cross join (values ('live'), ('sandbox')) as environment (name);
