-- scope: control
-- Messages on their way out; whom to, and what, is sealed. Sent ones are emptied. Locks: none (new table).
create table identity_mail (
  id uuid primary key,
  -- Of which kind, for counting and for finding out; never what it says.
  kind text not null,
  sealed bytea,
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  given_up_at timestamptz,
  attempts bigint not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp()
);

create index identity_mail_due on identity_mail (next_attempt_at) where sent_at is null and given_up_at is null;
