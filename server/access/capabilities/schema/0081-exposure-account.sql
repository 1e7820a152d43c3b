-- scope: control
-- What belongs to a change of exposure: who made it, why, and the evidence that its gates had. Locks: the table against
-- everything for an instant; no row is rewritten.
alter table access_exposure
  add column reason text,
  -- A person or a service key, and which of them; null: Portico itself, or a file.
  add column changed_by uuid,
  add column changed_by_kind text,
  add column evidence uuid[] not null default '{}';
