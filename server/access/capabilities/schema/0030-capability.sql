-- scope: control
-- Capabilities: named bundles of operations that access is granted to. Locks: none (new tables). Instant.
create table access_capability (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  title text not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Who may know of a capability, and since when. Rows are only added: of those that are valid at a moment the
-- one that begins last counts, and of those the one that was recorded last.
create table access_exposure (
  id uuid primary key,
  capability_id uuid not null references access_capability,
  exposure text not null check (exposure in ('internal', 'dark', 'pilot', 'general', 'deprecated', 'retired')),
  valid_from timestamptz not null default clock_timestamp(),
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_exposure_current on access_exposure (capability_id, valid_from desc, recorded_at desc);
