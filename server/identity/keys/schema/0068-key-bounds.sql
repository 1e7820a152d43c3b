-- scope: control
-- What a key is bound to, and when it was last used. Null: everything, and from anywhere. Locks: identity_key against
-- everything for an instant; no row is rewritten.
alter table identity_key
  add column scopes text[],
  add column networks cidr[],
  add column last_used_at timestamptz,
  -- The last notice about its expiry, in days before it.
  add column expiry_noticed_days bigint;
