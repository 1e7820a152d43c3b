-- scope: control
-- A word on exposure may be about a period that ends. Of the words that cover a moment the one said last counts
-- (access/history). Locks: the table against everything for an instant; no row is rewritten.
alter table access_exposure add column valid_until timestamptz check (valid_until > valid_from);

alter table access_capability
  add column description text not null default '',
  -- What a partner may read about a capability that is deprecated: when it ends, and what comes instead.
  add column successor text;
