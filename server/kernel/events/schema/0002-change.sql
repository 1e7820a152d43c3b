-- scope: control
-- The change log that gateways follow. Numbers come from a counter row: commit order, no gaps. Locks: none (new tables).
create table kernel_change_counter (
  singleton boolean primary key default true check (singleton),
  last bigint not null default 0
);

insert into kernel_change_counter default values;

create table kernel_change (
  number bigint primary key,
  topic text not null,
  row_id uuid,
  changed_at timestamptz not null default clock_timestamp()
);
