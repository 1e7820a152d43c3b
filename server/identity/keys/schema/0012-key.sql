-- scope: control
-- API keys: what stays of them is their SHA-256 and four characters to tell them apart. Locks: identity_application
-- against writes for an instant (foreign key).
create table identity_key (
  id uuid primary key,
  partner_id uuid not null,
  application_id uuid not null,
  label text not null,
  digest bytea not null unique check (octet_length(digest) = 32),
  last_four text not null check (length(last_four) = 4),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  revoked_reason text,
  check ((revoked_at is null) = (revoked_reason is null)),
  foreign key (partner_id, application_id) references identity_application (partner_id, id)
);

create index identity_key_application on identity_key (partner_id, application_id);
