-- scope: control
-- Partners: the organisations in the programme. Locks: none (new table). Instant.
create table identity_partner (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name text not null,
  state text not null default 'active' check (state in ('active', 'suspended')),
  created_at timestamptz not null default clock_timestamp()
);
