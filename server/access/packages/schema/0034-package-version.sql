-- scope: control
-- Versions of packages: what a partner was given stays what it is until it is moved. The contents that packages have
-- now become their version 1. Locks: access_assignment and access_package against everything while the rows are
-- rewritten, about a second for 100,000 partners; that wait is why rows, column and indexes go at once.
-- squawk-ignore-file ban-drop-table, ban-drop-column, adding-foreign-key-constraint
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
create table access_package_version (
  id uuid primary key,
  package_id uuid not null references access_package,
  number bigint not null check (number > 0),
  -- Entitlements, limits, environments, webhooks, support, SLA: see packages/terms.ts. Never changed.
  terms jsonb not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (package_id, number)
);

insert into access_package_version (id, package_id, number, terms)
select gen_random_uuid(), package.id, 1, jsonb_build_object(
  'entitlements', coalesce(
    jsonb_object_agg(fact.name, jsonb_build_object('kind', 'boolean')) filter (where fact.included), '{}'),
  'limits', null, 'environments', jsonb_build_array('live', 'sandbox'), 'webhooks', true,
  'support', 'standard', 'sla', null, 'agreement', 'none')
from access_package as package left join (
  select distinct on (content.package_id, content.capability_id)
         content.package_id, content.included, capability.name
  from access_package_capability as content
  join access_capability as capability on capability.id = content.capability_id
  order by content.package_id, content.capability_id, content.valid_from desc, content.recorded_at desc
) as fact on fact.package_id = package.id
group by package.id;

drop table access_package_capability;

alter table access_assignment
  -- Null: taken off every package.
  add column version_id uuid references access_package_version,
  add column valid_until timestamptz check (valid_until > valid_from);

update access_assignment as assignment set version_id = version.id
from access_package_version as version where version.package_id = assignment.package_id;

drop index access_assignment_current;
drop index access_assignment_package;
alter table access_assignment drop column package_id;

create index access_assignment_partner on access_assignment (partner_id, recorded_at desc);
create index access_assignment_version on access_assignment (version_id);
