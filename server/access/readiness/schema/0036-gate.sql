-- scope: control
-- Readiness gates, which capability needs which, and the evidence that meets them. Rows of policies, needs and evidence
-- are only added. Locks: access_capability against writes for an instant (foreign key).
create table access_gate (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  title text not null,
  description text not null default '',
  -- How long evidence lasts when it names no end itself; null: it does not expire.
  lasts_days bigint check (lasts_days > 0),
  created_at timestamptz not null default clock_timestamp()
);

-- What becomes of an open capability when the gate's evidence has expired: an alarm only, or hidden as when dark.
create table access_gate_policy (
  id uuid primary key,
  gate_id uuid not null references access_gate,
  on_lapse text not null check (on_lapse in ('alarm', 'hide')),
  valid_from timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_gate_policy_gate on access_gate_policy (gate_id, recorded_at desc);

create table access_gate_need (
  id uuid primary key,
  capability_id uuid not null references access_capability,
  gate_id uuid not null references access_gate,
  needed boolean not null,
  valid_from timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp()
);

create index access_gate_need_capability on access_gate_need (capability_id, gate_id, recorded_at desc);
create index access_gate_need_gate on access_gate_need (gate_id);

create table access_evidence (
  id uuid primary key,
  capability_id uuid not null references access_capability,
  gate_id uuid not null references access_gate,
  kind text not null check (kind in ('document', 'check', 'sign-off')),
  -- Where the document is, what the check was, what was signed; of a withdrawal, why.
  reference text not null,
  -- Who signed or ran it, as they are known outside of Portico; sealed. Null: the actor in the audit.
  signed_by bytea,
  -- From when to when it meets the gate, business time.
  valid_from timestamptz not null,
  valid_until timestamptz check (valid_until > valid_from),
  -- Evidence that this row takes back.
  withdraws uuid references access_evidence,
  recorded_at timestamptz not null default clock_timestamp(),
  check (kind <> 'sign-off' or withdraws is not null or signed_by is not null)
);

create index access_evidence_gate on access_evidence (capability_id, gate_id, recorded_at desc);
-- Evidence is taken back once.
create unique index access_evidence_withdraws on access_evidence (withdraws);
