/** A provider with 100,000 partners in the variety of real ones: what stands in the tables before a snapshot is loaded. */
import pg from 'pg'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { declarePackage, plainTerms } from '#/access/packages/packages.ts'
import { declareUpstream, publishContract } from '#/contracts/published/published.ts'
import { parseKey } from '#/identity/keys/keys.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Database, Tx } from '#/kernel/db/db.ts'

export const partners = 100_000
export const capabilities: Readonly<Record<string, Exposure>> = {
  projects: 'general',
  designs: 'general',
  orders: 'general',
  invoices: 'general',
  exports: 'general',
  search: 'general',
  webhooks: 'general',
  reports: 'deprecated',
  automation: 'pilot',
  'raw-data': 'pilot',
  'master-data': 'dark',
  internal: 'internal',
}
const names = Object.keys(capabilities)
/** Agreed with 5,000 partners, each in words of its own. */
const agreements = 5000

/** Rows by the hundred thousand go in by SQL. Every tenth of the partners stands for a kind of them. */
const fill = `
  insert into control.identity_partner (id, slug, name, created_at)
    select gen_random_uuid(), 'partner-' || n, 'Partner ' || n, now() - interval '400 days' from generate_series(1, ${partners}) as n;
  create temporary table numbered as
    select id, substr(slug, 9)::int as n from control.identity_partner;
  insert into control.identity_standing (id, partner_id, state, valid_from, recorded_at)
    select gen_random_uuid(), id, 'active', now() - interval '400 days', now() - interval '400 days' from numbered;
  insert into control.identity_standing (id, partner_id, state, valid_from)
    select gen_random_uuid(), id, 'suspended', now() from numbered where n % 100 = 7;
  update control.identity_partner set state = 'suspended' where id in (select id from numbered where n % 100 = 7);
  insert into control.access_assignment (id, partner_id, version_id, valid_from)
    select gen_random_uuid(), numbered.id, version.id, now() - interval '300 days' from numbered
    join control.access_package as package on package.name =
      case when n % 20 = 0 then 'enterprise' when n % 20 < 8 then 'pro' else 'starter' end
    join control.access_package_version as version on version.package_id = package.id and version.number = 1 + n % 3;
  insert into control.access_agreement (id, partner_id, reference)
    select gen_random_uuid(), id, 'A-' || n from numbered where n % 20 = 0 and n <= ${agreements * 20};
  insert into control.access_agreement_version (id, partner_id, agreement_id, number, starts_at, ends_at, terms)
    select gen_random_uuid(), agreement.partner_id, agreement.id, 1, now() - interval '200 days',
           now() + (10 + numbered.n % 700) * interval '1 day',
           jsonb_build_object('noticeDays', 60, 'capabilities', '["exports"]'::jsonb, 'sla', null, 'consents', '[]'::jsonb,
             'overrides', jsonb_build_object('limits', jsonb_build_object('burst', 100 + numbered.n % 100, 'perSecond', 50)))
    from control.access_agreement as agreement join numbered on numbered.id = agreement.partner_id;
  insert into control.access_agreement_signature (id, partner_id, version_id, signatory, signed_at)
    select gen_random_uuid(), partner_id, id, 'sealed', starts_at from control.access_agreement_version;
  insert into control.access_agreement_event (id, partner_id, version_id, state, signature_id, valid_from)
    select gen_random_uuid(), partner_id, version_id, 'signed', id, signed_at from control.access_agreement_signature;
  insert into control.access_attribute (id, partner_id, name, value, valid_from)
    select gen_random_uuid(), id, 'tier', (array['gold', 'silver', 'bronze'])[1 + n % 3], now() - interval '100 days'
    from numbered where n % 3 = 0;
  insert into control.access_grant (id, partner_id, capability_id, granted, source, valid_from)
    select gen_random_uuid(), numbered.id, capability.id, true, 'request', now() - interval '50 days'
    from numbered join control.access_capability as capability on capability.name = 'exports' where n % 30 = 1;
  insert into control.access_pilot (id, capability_id)
    select gen_random_uuid(), id from control.access_capability where name in ('automation', 'raw-data');
  insert into control.access_pilot_term (id, pilot_id, capacity, ends_at, valid_from)
    select gen_random_uuid(), id, 5000, now() + interval '40 days', now() - interval '20 days' from control.access_pilot;
  insert into control.access_pilot_place (id, pilot_id, partner_id, state, valid_from)
    select gen_random_uuid(), pilot.id, numbered.id, case when n % 40 = 2 then 'admitted' else 'waiting' end,
           now() - interval '10 days'
    from numbered cross join control.access_pilot as pilot where n % 20 = 2;
  insert into control.access_rollout (id, capability_id, environment, rollout, valid_from)
    select gen_random_uuid(), id, 'live', '{"kind": "percentage", "percent": 30}', now()
    from control.access_capability where name in ('search', 'designs');
  insert into control.access_rollout (id, capability_id, environment, rollout, valid_from)
    select gen_random_uuid(), id, 'live',
           '{"kind": "cohort", "partners": [], "rule": {"any": [{"attribute": "tier", "in": ["gold"]}, {"attribute": "package", "in": ["enterprise"]}]}}',
           now()
    from control.access_capability where name = 'invoices';
  insert into control.access_gate (id, name, title)
    values (gen_random_uuid(), 'legal', 'Legal'), (gen_random_uuid(), 'audit', 'Audit');
  insert into control.access_gate_policy (id, gate_id, on_lapse, valid_from)
    select gen_random_uuid(), id, case name when 'legal' then 'hide' else 'alarm' end, now() from control.access_gate;
  insert into control.access_gate_need (id, capability_id, gate_id, needed, valid_from)
    select gen_random_uuid(), capability.id, gate.id, true, now()
    from control.access_capability as capability cross join control.access_gate as gate;
  insert into control.access_evidence (id, capability_id, gate_id, kind, reference, valid_from, valid_until)
    select gen_random_uuid(), capability_id, gate_id, 'document', 'report', now() - interval '1 day', now() + interval '90 days'
    from control.access_gate_need;
  insert into control.identity_application (id, partner_id, environment, name)
    select gen_random_uuid(), id, environment, 'App' from control.identity_partner, unnest(array['live', 'sandbox']) as environment;
  insert into control.identity_standing (id, partner_id, application_id, state, valid_from)
    select gen_random_uuid(), application.partner_id, application.id, 'suspended', now()
    from control.identity_application as application join numbered on numbered.id = application.partner_id
    where n % 200 = 11 and environment = 'live';
  insert into control.identity_key (id, partner_id, application_id, label, digest, last_four)
    select gen_random_uuid(), partner_id, id, 'Key', sha256((id::text || n)::bytea), 'abcd'
    from control.identity_application, generate_series(1, 2) as n where environment = 'live' or n < 2;
  analyze`

/** One key in so many is a real one, to ask for. */
const real = `
  update control.identity_key as key set digest = real.digest
  from (select id, row_number() over (order by id) as n from control.identity_key) as numbered
  join unnest($1::bytea[]) with ordinality as real (digest, n) on real.n * $2 = numbered.n
  where key.id = numbered.id`

export function digestOf(key: string): string {
  const parsed = parseKey(key)
  if (!parsed.ok) throw new Error('not a key')
  return parsed.digest
}

async function declare(tx: Tx): Promise<void> {
  const get = (capability: string) => ({
    get: { 'x-portico-capability': capability, responses: { 204: { description: 'Nothing' } } },
  })
  const paths = Object.fromEntries(names.map((name) => [`/api/${name}/things`, get(name)]))
  const document = { openapi: '3.1.0', info: { title: 'Bench', version: '1.0.0' }, paths }
  const times = { connectTimeout: 1000, headersTimeout: 1000, idleTimeout: 1000 }
  await declareUpstream(tx, { name: 'main', live: 'http://a.invalid', sandbox: 'http://b.invalid', ...times })
  const contract = { name: 'bench', upstream: 'main', version: '1.0.0', defaultClass: null }
  await publishContract(tx, { ...contract, document, sha256: '00'.repeat(32) })
  for (const [name, exposure] of Object.entries(capabilities))
    await declareCapability(tx, { name, title: name, exposure })
  for (const [i, name] of ['starter', 'pro', 'enterprise'].entries())
    for (let version = 0; version < 3; version += 1) {
      const terms = plainTerms(names.slice(0, 3 + 3 * i + version))
      const agreement = name === 'enterprise' ? 'required' : 'none'
      await declarePackage(tx, { name, title: name, terms: { ...terms, agreement } })
    }
}

export async function fillDatabase(database: Database, keys: readonly string[]): Promise<void> {
  await transact(database.control, { kind: 'system', name: 'bench' }, declare)
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  await owner.query(fill)
  const every = Math.floor((partners * 3) / keys.length)
  await owner.query(real, [keys.map((key) => Buffer.from(digestOf(key), 'base64')), every])
  await owner.end()
}
