-- scope: control
-- Access requests: a partner asks for a package or a capability. Locks: identity_partner, access_package and
-- access_capability against writes for an instant (foreign keys).
create table access_request (
  id uuid primary key,
  partner_id uuid not null references identity_partner,
  package_id uuid references access_package,
  capability_id uuid references access_capability,
  -- Use case, expected volume, data needed, environments, the version of the terms accepted: requests/form.ts.
  form jsonb not null,
  state text not null default 'draft'
    check (state in ('draft', 'submitted', 'in-review', 'approved', 'declined', 'withdrawn')),
  -- A question was put to the partner and waits for its answer.
  waits_for_partner boolean not null default false check (not waits_for_partner or state = 'in-review'),
  -- The member who made it, or the application whose key did; and whoever handed it in.
  requested_by uuid not null,
  requested_as text not null check (requested_as in ('member', 'application')),
  submitted_by uuid,
  reviewer uuid,
  -- Business time by which it should be decided; null while the partner has to answer.
  due_at timestamptz,
  -- Set once it was told that this due date has passed.
  overdue_told_at timestamptz,
  created_at timestamptz not null,
  submitted_at timestamptz,
  decided_at timestamptz,
  decided_by uuid,
  -- Why it was declined; the partner reads it.
  reason text,
  unique (partner_id, id),
  check (num_nonnulls(package_id, capability_id) = 1),
  check ((submitted_at is null) = (submitted_by is null)),
  check (state in ('draft', 'withdrawn') or submitted_at is not null),
  check (state not in ('in-review', 'approved', 'declined') or reviewer is not null),
  check ((state in ('approved', 'declined')) = (decided_by is not null)),
  check (state <> 'declined' or reason is not null),
  -- Nobody approves what they asked for, whatever the code says.
  check (state <> 'approved' or (decided_by <> requested_by and decided_by <> submitted_by))
);

-- One open request for the same thing.
create unique index access_request_open on access_request (partner_id, coalesce(package_id, capability_id))
  where state in ('draft', 'submitted', 'in-review');
create index access_request_state on access_request (state, id);
create index access_request_due on access_request (due_at)
  where state in ('submitted', 'in-review') and overdue_told_at is null;

-- Questions to the partner and its answers, and notes among reviewers, which no partner sees.
create table access_request_message (
  id uuid primary key,
  partner_id uuid not null,
  request_id uuid not null,
  kind text not null check (kind in ('question', 'answer', 'note')),
  text text not null,
  written_by uuid not null,
  written_at timestamptz not null,
  foreign key (partner_id, request_id) references access_request (partner_id, id)
);

create index access_request_message_request on access_request_message (partner_id, request_id, id);

alter table access_request enable row level security;
alter table access_request_message enable row level security;

create policy portico_owner on access_request using (control.kernel_owns(partner_id));
-- Also whose statement forgets to ask for less is shown no note of the reviewers.
create policy portico_owner on access_request_message using (
  control.kernel_owns(partner_id) and (kind <> 'note' or current_setting('portico.partner', true) = '*')
);
