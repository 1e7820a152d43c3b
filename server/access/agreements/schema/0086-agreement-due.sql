-- scope: control
-- What is to be announced of a version of an agreement, and when: due in business time, each once. Locks:
-- access_agreement_version against writes for an instant (foreign key).
create table access_agreement_due (
  partner_id uuid not null,
  version_id uuid not null,
  kind text not null check (kind in ('active', 'expiring', 'ended')),
  due_at timestamptz not null,
  done_at timestamptz,
  primary key (partner_id, version_id, kind),
  foreign key (partner_id, version_id) references access_agreement_version (partner_id, id)
);

create index access_agreement_due_open on access_agreement_due (due_at) where done_at is null;

alter table access_agreement_due enable row level security;

create policy portico_owner on access_agreement_due using (control.kernel_owns(partner_id));
