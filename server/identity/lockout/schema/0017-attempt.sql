-- scope: control
-- How often somebody tried to prove who they are: by account (of any address, there or not), by network, by known
-- browser and by person. What is counted is a digest under the installation's key. Locks: none (new table).
create table identity_attempt (
  subject bytea primary key check (octet_length(subject) = 32),
  kind text not null check (kind in ('account', 'address', 'device', 'person')),
  -- All of them, also those that were turned away; only for people to look at.
  tries bigint not null,
  -- Those that were let in and have not been right; they decide about the delay.
  failures bigint not null,
  last_at timestamptz not null,
  failed_at timestamptz,
  blocked_until timestamptz
);

create index identity_attempt_last on identity_attempt (last_at);
