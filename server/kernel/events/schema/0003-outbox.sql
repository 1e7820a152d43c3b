-- scope: control, world
-- The outbox: events that were committed with the fact they tell. Locks: none (new table).
create table kernel_outbox (
  id uuid primary key,
  type text not null,
  partner_id uuid,
  data jsonb not null,
  occurred_at timestamptz not null,
  written_at timestamptz not null default clock_timestamp()
);
