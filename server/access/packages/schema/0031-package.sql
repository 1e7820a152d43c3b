-- scope: control
-- Packages: what partners are on. Locks: identity_partner against writes for an instant (foreign key).
create table access_package (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  title text not null,
  created_at timestamptz not null default clock_timestamp()
);

-- What is in a package, and since when. Rows are only added, as in access_exposure; `included` false takes out.
create table access_package_capability (
  id uuid primary key,
  package_id uuid not null references access_package,
  capability_id uuid not null references access_capability,
  included boolean not null,
  valid_from timestamptz not null default clock_timestamp(),
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_package_capability_current
  on access_package_capability (package_id, capability_id, valid_from desc, recorded_at desc);

create index access_package_capability_capability on access_package_capability (capability_id);

-- Which partner is on which package, and since when. Rows are only added, as in access_exposure.
create table access_assignment (
  id uuid primary key,
  partner_id uuid not null references identity_partner,
  package_id uuid not null references access_package,
  valid_from timestamptz not null default clock_timestamp(),
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_assignment_current on access_assignment (partner_id, valid_from desc, recorded_at desc);

create index access_assignment_package on access_assignment (package_id);
