-- scope: control
-- The audit: who did what, for ever. Lines come from every world and in no order; nothing in here is shared between
-- two writers, so none waits for another. Locks: none (new tables).
create table governance_audit (
  id uuid primary key,
  at timestamptz not null,
  actor_kind text not null,
  -- A UUID, or the name of a part of the system.
  actor_id text collate "C" not null,
  actor_role text,
  partner_id uuid,
  address text,
  action text collate "C" not null,
  subject_kind text collate "C",
  subject_id text collate "C",
  reason text,
  -- Not jsonb: the hash is of the very text that was written.
  changes json,
  -- Made with the installation's key when the line was written: whoever has the database alone cannot write one.
  mac bytea not null check (octet_length(mac) = 32),
  check ((subject_kind is null) = (subject_id is null))
);

create index governance_audit_at on governance_audit (at, id);
create index governance_audit_partner on governance_audit (partner_id, at, id);
create index governance_audit_actor on governance_audit (actor_id, at, id);
create index governance_audit_action on governance_audit (action, at, id);
create index governance_audit_subject on governance_audit (subject_id, at, id);

alter table governance_audit enable row level security;
alter table governance_audit force row level security;
create policy portico_owner on governance_audit using (kernel_owns(partner_id)) with check (kernel_owns(partner_id));

-- What is committed and not yet in the chain. A mark of "everything up to here" would lose the line of a transaction
-- that began early and committed late.
create table governance_audit_unsealed (
  audit_id uuid primary key
);

create function governance_refuse_change() returns trigger
  language plpgsql
as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger governance_audit_append_only
  before update or delete or truncate on governance_audit
  for each statement execute function governance_refuse_change();

-- The first words take the rights to change it from the worlds' roles (kernel/db/roles.ts).
comment on table governance_audit is 'append-only: who did what';
