-- scope: world
-- One row per exchange with a partner, for ever unique by its UUIDv7, in partitions of a day (UTC) by ranges of
-- that id. There is no default partition: it would have to be scanned, under a lock that stops everyone, at each
-- new day, and would hide that days are missing; the ingest asks for the day of a record that has none.
-- Locks: none (new table).
create table usage_exchange (
  id uuid primary key,
  received_at timestamptz not null,
  partner_id uuid not null,
  application_id uuid not null,
  credential_id uuid not null,
  contract text not null,
  api_version text not null,
  operation text not null,
  method text not null,
  status bigint not null,
  code text,
  metered boolean not null,
  duration_us bigint not null,
  upstream_us bigint not null,
  request_bytes bigint not null,
  -- Null while a stream runs, and for ever when the process died before its end.
  response_bytes bigint,
  -- Of a stream: how long it ran in all, and why it broke off (null: it is complete).
  ended_us bigint,
  ended_code text
) partition by range (id);

-- The smallest UUIDv7 of a moment in milliseconds.
create function usage_first_id(milliseconds bigint) returns uuid
  language sql
  immutable
as $$
  select (substr(hex, 1, 8) || '-' || substr(hex, 9) || '-7000-8000-000000000000')::uuid
  from (select lpad(to_hex(milliseconds), 12, '0') as hex) as padded
$$;

-- Worlds may not make tables, so the owner's function does. The partition is made beside the table and attached,
-- which locks out neither readers nor writers (`create table ... partition of` would lock out both).
create function usage_ensure_day(day date) returns boolean
  language plpgsql
  security definer
  set search_path from current
as $$
declare
  name text := 'usage_exchange_' || to_char(day, 'YYYYMMDD');
  schema text := current_schema();
  low bigint := extract(epoch from day::timestamp) * 1000;
  high bigint := extract(epoch from (day + 1)::timestamp) * 1000;
begin
  if to_regclass(format('%I.%I', schema, name)) is not null then
    return false;
  end if;
  -- Two processes may ask for the same day at once. This is the lock that attaching takes anyway; after an advisory
  -- lock the second would look the name up in a stale catalog cache.
  execute format('lock table %I.usage_exchange in share update exclusive mode', schema);
  if to_regclass(format('%I.%I', schema, name)) is not null then
    return false;
  end if;
  execute format('create table %I.%I (like %I.usage_exchange including all)', schema, name, schema);
  execute format(
    'alter table %I.usage_exchange attach partition %I.%I for values from (%L) to (%L)',
    schema, schema, name, usage_first_id(low), usage_first_id(high)
  );
  return true;
end
$$;
