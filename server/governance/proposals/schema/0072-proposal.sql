-- scope: control
-- What one person proposed and another has to approve. Times are business time. Locks: none (new table).
create table governance_proposal (
  id uuid primary key,
  action text not null,
  -- Ids, enumerations and amounts; no personal data.
  params jsonb not null,
  permission text not null,
  partner_id uuid,
  purpose text,
  proposed_by uuid not null,
  proposed_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > proposed_at),
  state text not null default 'open' check (state in ('open', 'done', 'failed', 'declined', 'expired')),
  decided_by uuid,
  decided_at timestamptz,
  reason text,
  -- Code of the problem that stopped the action; `internal` where it was our bug.
  failure text,
  check ((state = 'open') = (decided_at is null)),
  check ((state in ('done', 'failed', 'declined')) = (decided_by is not null)),
  check ((state = 'failed') = (failure is not null)),
  -- Four eyes, whatever the code says.
  check (state not in ('done', 'failed') or decided_by <> proposed_by)
);

create index governance_proposal_state on governance_proposal (state, id);
create index governance_proposal_due on governance_proposal (expires_at) where state = 'open';

alter table governance_proposal enable row level security;
alter table governance_proposal force row level security;
create policy portico_owner on governance_proposal
  using (kernel_owns(partner_id)) with check (kernel_owns(partner_id));
