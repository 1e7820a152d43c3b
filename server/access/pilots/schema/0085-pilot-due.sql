-- scope: control
-- What is to be announced of a pilot, and when: due in business time, once for each end date. And the place of a
-- partner on the waitlist, which depends on rows of others that the partner must not see. Locks: access_pilot against
-- writes for an instant (foreign key).
create table access_pilot_due (
  pilot_id uuid not null references access_pilot,
  kind text not null check (kind in ('ending', 'ended')),
  due_at timestamptz not null,
  done_at timestamptz,
  primary key (pilot_id, kind, due_at)
);

create index access_pilot_due_open on access_pilot_due (due_at) where done_at is null;

-- Null: the partner does not wait. As the owner, so that others who wait are counted; of one's own place only.
create function access_waitlist_position(pilot uuid, partner uuid) returns bigint
  language sql stable security definer set search_path = control as $$
    select place.position from (
      select current.partner_id, row_number() over (order by current.recorded_at, current.id) as position
      from (
        select distinct on (partner_id) partner_id, id, state, recorded_at from access_pilot_place
        where pilot_id = pilot order by partner_id, recorded_at desc, id desc
      ) as current
      where current.state = 'waiting'
    ) as place
    where place.partner_id = partner and kernel_owns(partner)
  $$;
