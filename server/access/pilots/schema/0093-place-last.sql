-- scope: control
-- Of the words on a place the last one, marked: counts, turns and lists of a pilot read these alone, and a page costs
-- what the page holds, not the pilot. With 100,000 places a count took 0.2 s, each join and admission with it.
-- Locks: access_pilot_place against everything while it is filled, long enough to write each word once.
-- A migration is one transaction, so nothing in it is concurrent.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
alter table access_pilot_place add column is_last boolean not null default true;

update access_pilot_place as place set is_last = false
where exists (
  select from access_pilot_place as later
  where later.pilot_id = place.pilot_id and later.partner_id = place.partner_id
    and (later.recorded_at, later.id) > (place.recorded_at, place.id)
);

create unique index access_pilot_place_last on access_pilot_place (pilot_id, partner_id) where is_last;
create index access_pilot_place_turn on access_pilot_place (pilot_id, recorded_at, id) where is_last;
-- Counting needs the partner, for row-level security.
create index access_pilot_place_state on access_pilot_place (pilot_id, state, recorded_at, id) include (partner_id)
  where is_last;
drop index access_pilot_place_pilot;

-- Null: the partner does not wait. As the owner, so that others who wait are counted; of one's own place only.
create or replace function access_waitlist_position(pilot uuid, partner uuid) returns bigint
  language sql stable security definer set search_path = control as $$
    select nullif(count(*), 0) from access_pilot_place as own
    join access_pilot_place as ahead on ahead.pilot_id = own.pilot_id and ahead.is_last and ahead.state = 'waiting'
      and (ahead.recorded_at, ahead.id) <= (own.recorded_at, own.id)
    where own.pilot_id = pilot and own.partner_id = partner and own.is_last and own.state = 'waiting'
      and kernel_owns(partner)
  $$;
