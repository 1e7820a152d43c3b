-- scope: control
-- Alarms about gates of open capabilities: one for each end of evidence, some days before it and when it has come.
-- Locks: access_capability and access_gate against writes for an instant (foreign keys).
create table access_gate_alarm (
  capability_id uuid not null references access_capability,
  gate_id uuid not null references access_gate,
  stage text not null check (stage in ('lapsing', 'lapsed')),
  -- When the gate ceases to be met, business time.
  ends_at timestamptz not null,
  raised_at timestamptz not null,
  primary key (capability_id, gate_id, stage, ends_at)
);
