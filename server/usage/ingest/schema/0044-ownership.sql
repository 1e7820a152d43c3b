-- scope: world
-- Row-level security on usage. A partition is reached through its table, whose policy counts then; by its own name
-- nobody but the owner reaches a row, because it has row-level security and no policy.
-- Locks: each table against everything for an instant; no row is read.
alter table usage_exchange enable row level security;

alter table usage_hour enable row level security;

create policy portico_owner on usage_exchange using (control.kernel_owns(partner_id));

create policy portico_owner on usage_hour using (control.kernel_owns(partner_id));

alter function usage_ensure_day (date) rename to usage_make_day;

create function usage_ensure_day(day date) returns boolean
  language plpgsql
  security definer
  set search_path from current
as $$
begin
  if not usage_make_day(day) then
    return false;
  end if;
  execute format(
    'alter table %I.%I enable row level security',
    current_schema(), 'usage_exchange_' || to_char(day, 'YYYYMMDD')
  );
  return true;
end
$$;

do $$
declare
  partition regclass;
begin
  for partition in select inhrelid::regclass from pg_inherits where inhparent = 'usage_exchange'::regclass loop
    execute format('alter table %s enable row level security', partition);
  end loop;
end
$$;
