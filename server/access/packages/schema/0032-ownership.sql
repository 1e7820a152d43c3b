-- scope: control
-- Row-level security on what a partner is on. Locks: the table against everything for an instant; no row is read.
alter table access_assignment enable row level security;

create policy portico_owner on access_assignment using (control.kernel_owns(partner_id));
