-- scope: control
-- Row-level security on what a partner owns: the second wall behind the statements' own conditions.
-- Locks: each table against everything for an instant; no row is read.
alter table identity_partner enable row level security;

alter table identity_application enable row level security;

alter table identity_key enable row level security;

create policy portico_owner on identity_partner using (control.kernel_owns(id));

create policy portico_owner on identity_application using (control.kernel_owns(partner_id));

create policy portico_owner on identity_key using (control.kernel_owns(partner_id));
