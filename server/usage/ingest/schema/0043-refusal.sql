-- scope: control
-- Refusals without a known credential, counted by minute. They belong to no world. The id is the journal line's.
-- Locks: none (new table).
create table usage_refusal (
  id uuid primary key,
  minute timestamptz not null,
  status bigint not null,
  code text not null,
  operation text,
  count bigint not null
);
