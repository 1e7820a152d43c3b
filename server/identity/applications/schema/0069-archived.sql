-- scope: control
-- Applications that are no longer used: they keep their name and their past. Locks: identity_application against
-- everything for an instant; no row is rewritten.
alter table identity_application add column archived_at timestamptz;
