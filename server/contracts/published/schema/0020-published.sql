-- scope: control
-- The documents that are served, and where. Locks: none (new tables). Instant.
create table contracts_upstream (
  id uuid primary key,
  name text not null unique,
  live_url text not null,
  sandbox_url text not null,
  -- Milliseconds.
  connect_timeout bigint not null check (connect_timeout > 0),
  headers_timeout bigint not null check (headers_timeout > 0),
  idle_timeout bigint not null check (idle_timeout > 0),
  created_at timestamptz not null default clock_timestamp()
);

-- Bundled documents as JSON, by the SHA-256 of their canonical form, so that two that say the same are one. They
-- are never changed and never removed: what a past call was checked against can be read back.
create table contracts_document (
  sha256 bytea primary key check (octet_length(sha256) = 32),
  content text not null,
  stored_at timestamptz not null default clock_timestamp()
);

create table contracts_contract (
  id uuid primary key,
  name text not null unique,
  upstream_id uuid not null references contracts_upstream,
  document_sha256 bytea not null references contracts_document,
  -- `info.version` of the document.
  version text not null,
  default_class text check (default_class = 'public'),
  published_at timestamptz not null default clock_timestamp(),
  -- Set: it is no longer served.
  withdrawn_at timestamptz
);

create index contracts_contract_upstream on contracts_contract (upstream_id);

create index contracts_contract_document on contracts_contract (document_sha256);
