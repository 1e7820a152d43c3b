-- scope: control
-- Agreements: the signed commercial paper of a partner, in versions; an amendment is a new version. What happened to a
-- version is rows that are only added. Locks: identity_partner against writes for an instant (foreign key).
create table access_agreement (
  id uuid primary key,
  partner_id uuid not null references identity_partner,
  reference text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (partner_id, reference),
  unique (partner_id, id)
);

create table access_agreement_version (
  id uuid primary key,
  partner_id uuid not null,
  agreement_id uuid not null,
  number bigint not null check (number > 0),
  -- Business time, half-open; `ends_at` null: until it is ended.
  starts_at timestamptz not null,
  ends_at timestamptz check (ends_at > starts_at),
  -- Notice days, capabilities, overrides, SLA, consents: see agreements/agreements.ts. Never changed once sent.
  terms jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (agreement_id, number),
  unique (partner_id, id),
  foreign key (partner_id, agreement_id) references access_agreement (partner_id, id)
);

-- Signatures may wait for a second person before they have an effect; the event `signed` says which one counts.
create table access_agreement_signature (
  id uuid primary key,
  partner_id uuid not null,
  version_id uuid not null,
  -- Who signed, as the paper names them; sealed.
  signatory bytea not null,
  -- The date on the paper.
  signed_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (partner_id, id),
  foreign key (partner_id, version_id) references access_agreement_version (partner_id, id)
);

create table access_agreement_event (
  id uuid primary key,
  partner_id uuid not null,
  version_id uuid not null,
  -- What was done; whether a signed version is active, expiring or ended follows from its term and the time.
  state text not null check (state in ('draft', 'sent', 'signed', 'ended', 'withdrawn')),
  signature_id uuid,
  valid_from timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  foreign key (partner_id, version_id) references access_agreement_version (partner_id, id),
  foreign key (partner_id, signature_id) references access_agreement_signature (partner_id, id),
  check ((state = 'signed') = (signature_id is not null))
);

create index access_agreement_version_partner on access_agreement_version (partner_id, agreement_id, number);
create index access_agreement_signature_version on access_agreement_signature (partner_id, version_id);
create index access_agreement_event_signature on access_agreement_event (partner_id, signature_id);
create index access_agreement_event_version on access_agreement_event (partner_id, version_id, recorded_at desc);

alter table access_agreement enable row level security;
alter table access_agreement_version enable row level security;
alter table access_agreement_signature enable row level security;
alter table access_agreement_event enable row level security;

create policy portico_owner on access_agreement using (control.kernel_owns(partner_id));
create policy portico_owner on access_agreement_version using (control.kernel_owns(partner_id));
create policy portico_owner on access_agreement_signature using (control.kernel_owns(partner_id));
create policy portico_owner on access_agreement_event using (control.kernel_owns(partner_id));
