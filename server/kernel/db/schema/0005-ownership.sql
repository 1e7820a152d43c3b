-- scope: control
-- The condition of row-level security: whose rows a transaction may touch. It stands on every partner-owned table, as
-- the second wall behind the statements' own conditions. Unset means nobody's. Locks: none (new function).
create function kernel_owns(partner uuid) returns boolean
language sql stable parallel safe
return coalesce(
  current_setting('portico.partner', true) = '*'
    or partner::text = current_setting('portico.partner', true),
  false
);
