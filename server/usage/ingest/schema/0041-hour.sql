-- scope: world
-- Counts of exchanges by partner, hour (UTC) and operation, kept in the transaction that inserts the exchanges.
-- The key begins as partners ask: their own, from an hour on, in order. Names sort by bytes, so that a cursor
-- means the same under every collation. Locks: none (new table).
create table usage_hour (
  partner_id uuid not null,
  hour timestamptz not null,
  contract text collate "C" not null,
  operation text collate "C" not null,
  application_id uuid not null,
  calls bigint not null,
  metered bigint not null,
  client_errors bigint not null,
  server_errors bigint not null,
  broken_streams bigint not null,
  request_bytes bigint not null,
  response_bytes bigint not null,
  duration_us bigint not null,
  duration_max_us bigint not null,
  upstream_us bigint not null,
  primary key (partner_id, hour, contract, operation, application_id)
) with (fillfactor = 80);
