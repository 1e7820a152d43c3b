-- scope: control
-- Keys of the provider's own services for the management API; what stays of them is their SHA-256.
-- Locks: none (new table).
create table identity_service_key (
  id uuid primary key,
  name text not null check (length(name) between 1 and 120),
  role text not null,
  digest bytea not null unique check (octet_length(digest) = 32),
  last_four text not null check (length(last_four) = 4),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  revoked_reason text,
  last_used_at timestamptz,
  check ((revoked_at is null) = (revoked_reason is null))
);
