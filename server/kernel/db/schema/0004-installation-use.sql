-- scope: control
-- Whether this database holds the demo or a provider of its own. The one must not take the other's place for want of
-- a setting: the demo's keys are printed at every start, and the contracts a start does not name are withdrawn.
-- Locks: the table, for a moment (a column without a default).
alter table kernel_installation add column holds text check (holds in ('demo', 'provider'));
