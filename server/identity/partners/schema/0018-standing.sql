-- scope: control
-- Since when a partner or one of its applications is suspended or active, so that a past refusal can be explained.
-- Rows are only added; the last one said counts. Backfill: one row a partner, as it stands now; a million rows take
-- some ten seconds. Locks: identity_partner and identity_application against writes while that runs.
create table identity_standing (
  id uuid primary key,
  partner_id uuid not null references identity_partner,
  -- Null: the organisation as a whole.
  application_id uuid,
  state text not null check (state in ('active', 'suspended')),
  reason text,
  valid_from timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  foreign key (partner_id, application_id) references identity_application (partner_id, id)
);

create index identity_standing_partner on identity_standing (partner_id, application_id, recorded_at desc);

alter table identity_application add column state text not null default 'active'
  check (state in ('active', 'suspended'));

insert into identity_standing (id, partner_id, state, valid_from, recorded_at)
select gen_random_uuid(), id, state, created_at, created_at from identity_partner;

alter table identity_standing enable row level security;

create policy portico_owner on identity_standing using (control.kernel_owns(partner_id));
