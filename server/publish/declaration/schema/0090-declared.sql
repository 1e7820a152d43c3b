-- scope: control
-- What the file of the provider said when it was last applied, thing by thing: the third side of every comparison
-- between the file and what runs. Locks: none (new table). Instant.
create table publish_declared (
  -- `packages`, `capabilities`, …: see declaration/things.ts.
  kind text not null,
  name text not null,
  -- By name of the field.
  fields jsonb not null,
  -- Business time at which the file last said something new of it.
  applied_at timestamptz not null,
  primary key (kind, name)
);
