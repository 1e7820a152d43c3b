-- scope: world
-- How far each process's journal is in this world's tables, written with the rows themselves. A row leaves with
-- its journal; the oldest `drained_until` says up to when the counts are complete. Locks: none (new table).
create table usage_journal (
  id uuid primary key,
  segment bigint not null,
  position bigint not null,
  drained_until timestamptz
) with (fillfactor = 50);
