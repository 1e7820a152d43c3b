-- scope: control
-- Invitations: a token that was sent to an address, kept as its SHA-256. Locks: identity_partner against writes for an
-- instant (foreign key).
create table identity_invitation (
  id uuid primary key,
  -- Null: to become an operator.
  partner_id uuid references identity_partner,
  role text not null,
  email bytea not null,
  email_digest bytea not null,
  token_digest bytea not null unique check (octet_length(token_digest) = 32),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz
);

-- One open invitation for an address at one place.
create unique index identity_invitation_open on identity_invitation (partner_id, email_digest) nulls not distinct
where accepted_at is null and revoked_at is null;

alter table identity_invitation enable row level security;

create policy portico_owner on identity_invitation using (control.kernel_owns(partner_id));

-- The provider's own invitations name no partner: nobody's transaction but the provider's reaches them.
create policy portico_provider on identity_invitation
  using (partner_id is null and current_setting('portico.partner', true) = '*');
