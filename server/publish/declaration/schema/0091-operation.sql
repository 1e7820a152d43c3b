-- scope: control
-- The capability that each operation was last published under, also of those that no contract has any more: what
-- stood under one that partners may not know of is not opened by writing another beside it, in one step or in several.
-- Locks: none (new table). Instant; the next apply fills it, which every start with a file is.
create table publish_operation (
  method text not null,
  -- The template with nameless variables, `/api/projects/{}`.
  path text not null,
  capability text not null,
  primary key (method, path)
);
