/** What an agreement cannot say, and what of it one person may not grant alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aloneUpTo, draftAgreement } from '#/access/agreements/agreements.ts'
import type { AgreementTerms, Overrides } from '#/access/agreements/agreements.ts'
import { needsSecondPerson } from '#/access/agreements/bound.ts'
import { declareCapability } from '#/access/capabilities/capabilities.ts'
import { assignPackage, declarePackage, plainTerms } from '#/access/packages/packages.ts'
import type { PackageTerms } from '#/access/packages/packages.ts'
import { createPartner } from '#/identity/partners/partners.ts'
import { systemClock } from '#/kernel/clock/clock.ts'
import { transact } from '#/kernel/db/db.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { newId } from '#/kernel/id/id.ts'
import { Problem } from '#/kernel/problem/problem.ts'
import { testDatabase } from '../../../tests/support/database.ts'

const now = new Date('2026-11-01T00:00:00.000Z')
const database = await testDatabase({ ...systemClock(), business: () => now })
const within = <T>(work: (tx: Tx) => Promise<T>) =>
  transact(database.control, { kind: 'system', name: 'test' }, work)

const price = (amount: string, currency = 'EUR') => ({ amount, currency })
const packaged: PackageTerms = {
  ...plainTerms(['projects']),
  limits: { burst: 20, perSecond: 10 },
  entitlements: {
    projects: { kind: 'metered', quota: { amount: 1000, period: 'month' }, price: price('0.50') },
    'raw-data': { kind: 'boolean', limits: { burst: 2, perSecond: 1 } },
  },
}

const partnerId = await within(async (tx) => {
  for (const name of ['projects', 'raw-data']) {
    await declareCapability(tx, { name, title: name, exposure: 'general' })
  }
  const version = await declarePackage(tx, { name: 'pro', title: 'Pro', terms: packaged })
  const { id } = await createPartner(tx, { slug: 'helio', name: 'Helio' })
  await assignPackage(tx, id, version)
  return id
})

const plain: AgreementTerms = { noticeDays: 0, capabilities: [], overrides: {}, sla: null, consents: [] }

/** Where it is wrong; nothing: it is not. */
async function faults(terms: object, startsAt = '2027-01-01', endsAt: string | null = '2027-12-31') {
  const drafted = {
    reference: newId(),
    startsAt: new Date(startsAt),
    endsAt: endsAt === null ? null : new Date(endsAt),
    terms: { ...plain, ...terms },
  }
  try {
    await within((tx) => draftAgreement(tx, partnerId, drafted))
    return []
  } catch (error) {
    assert.ok(error instanceof Problem && error.definition.code === 'agreements.terms', String(error))
    for (const { detail } of error.occurrence.errors!) assert.match(detail, /\S/)
    return error.occurrence.errors!.map(({ pointer }) => pointer)
  }
}
const ofProjects = (override: object) => ({ overrides: { capabilities: { projects: override } } })

test('everything wrong is named where it stands, and nothing is drafted', async () => {
  const ofName = '/terms/overrides/capabilities/absent'
  const table: [object, string[]][] = [
    [{ capabilities: ['projects', 'absent'] }, ['/terms/capabilities/1']],
    [{ overrides: { capabilities: { absent: { quota: { amount: 1, period: 'day' } } } } }, [ofName]],
    [{ overrides: { limits: { burst: -1, perSecond: 1 } } }, ['/terms/overrides/limits/burst']],
    [{ overrides: { limits: { burst: 1, perSecond: 0 } } }, ['/terms/overrides/limits/perSecond']],
    [
      ofProjects({ quota: { amount: -5, period: 'month' } }),
      ['/terms/overrides/capabilities/projects/quota/amount'],
    ],
    [
      ofProjects({ quota: { amount: 0, period: 'day' } }),
      ['/terms/overrides/capabilities/projects/quota/amount'],
    ],
    [{ sla: 'go\u0000ld' }, ['/terms/sla']],
    [{ sla: 'gold \ud800' }, ['/terms/sla']],
    [ofProjects({ price: price('0.40', 'USD') }), ['/terms/overrides/capabilities/projects/price/currency']],
    [ofProjects({ price: price('0.405') }), ['/terms/overrides/capabilities/projects/price/amount']],
    [ofProjects({ price: price('-1') }), ['/terms/overrides/capabilities/projects/price/amount']],
    [{ noticeDays: -1 }, ['/terms/noticeDays']],
    [{ noticeDays: 365 }, ['/terms/noticeDays']],
    [{ consents: [1, 2].map(() => ({ purpose: 'research', granted: true })) }, ['/terms/consents/1']],
    [{ capabilities: ['absent'], noticeDays: 999 }, ['/terms/noticeDays', '/terms/capabilities/0']],
  ]
  for (const [terms, pointers] of table)
    assert.deepEqual(await faults(terms), pointers, JSON.stringify(terms))
  assert.deepEqual(await faults({}, '2027-01-01', '2027-01-01'), ['/endsAt'])
  assert.deepEqual(await faults({}, '2025-01-01', '2026-01-01'), ['/endsAt'])
  assert.deepEqual(await faults({}, 'soon'), ['/startsAt'])
  assert.deepEqual(await faults({}, '2027-01-01', 'late'), ['/endsAt'])
  assert.equal((await database.owner.query('select 1 from access_agreement')).rows.length, 0)
})

test('what is right is drafted: a notice as long as the term, no end, prices of the package', async () => {
  assert.deepEqual(await faults({ noticeDays: 364 }), [])
  assert.deepEqual(await faults({ noticeDays: 30 }, '2027-01-01', null), [])
  assert.deepEqual(await faults({ ...ofProjects({ price: price('0.40') }), capabilities: ['raw-data'] }), [])
})

test('two people for more than the bound, for what the package has not, and for a lower price', () => {
  const most = aloneUpTo
  const quota = (amount: number, period = 'month') => ({ quota: { amount, period } })
  const limits = (burst: number, perSecond: number) => ({ limits: { burst, perSecond } })
  const of = (name: string, override: object) => ({ capabilities: { [name]: override } }) as Overrides
  const narrow = of('raw-data', limits(2, 1))
  const table: [Overrides, boolean][] = [
    [{}, false],
    [{ ...limits(20 * most, 10 * most), ...narrow }, false],
    [{ ...limits(20 * most + 1, 10), ...narrow }, true],
    [{ ...limits(20, 10 * most + 0.1), ...narrow }, true],
    // Raw data has narrower limits of its own, which these would replace.
    [limits(20, 10), false],
    [limits(21, 10), true],
    [of('projects', quota(1000 * most)), false],
    [of('projects', quota(1000 * most + 1)), true],
    [of('projects', quota(1, 'day')), true],
    // Without limits of its own a capability has those of the package.
    [of('projects', limits(20 * most, 10 * most)), false],
    [of('raw-data', limits(20, 10)), false],
    [of('raw-data', limits(21, 10)), true],
    [of('raw-data', quota(1)), true],
    [of('raw-data', { price: price('9') }), true],
    [of('projects', { price: price('0.50') }), false],
    [of('projects', { price: price('0.49') }), true],
    [of('projects', { price: price('0.50', 'USD') }), true],
    [of('elsewhere', limits(1, 1)), true],
    [of('toString', limits(1, 1)), true],
  ]
  for (const [overrides, two] of table) {
    assert.equal(needsSecondPerson({ ...plain, overrides }, packaged), two, JSON.stringify(overrides))
  }
  assert.equal(needsSecondPerson(plain, null), false)
  assert.equal(needsSecondPerson({ ...plain, overrides: limits(1, 1) }, null), true)
  assert.equal(needsSecondPerson({ ...plain, overrides: limits(1, 1) }, { ...packaged, limits: null }), true)
})
