-- scope: control
-- The chain over the audit, written in batches after the commits, by one writer at a time. Locks: none (new tables).
create table governance_audit_seal (
  position bigint primary key,
  audit_id uuid not null unique,
  -- SHA-256 of the hash before and the text of the line.
  hash bytea not null check (octet_length(hash) = 32)
);

-- Where the chain stood after each batch, authenticated with the installation's key: whoever changes the tables may
-- compute all hashes anew, but cannot sign the end of them.
create table governance_audit_head (
  position bigint primary key,
  hash bytea not null check (octet_length(hash) = 32),
  mac bytea not null check (octet_length(mac) = 32)
);

create trigger governance_audit_seal_append_only
  before update or delete or truncate on governance_audit_seal
  for each statement execute function governance_refuse_change();

create trigger governance_audit_head_append_only
  before update or delete or truncate on governance_audit_head
  for each statement execute function governance_refuse_change();

comment on table governance_audit_seal is 'append-only: the chain over the audit';
comment on table governance_audit_head is 'append-only: where the chain stood';
