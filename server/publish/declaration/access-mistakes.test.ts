/** Mistakes of what a file says of gates, evidence, rollouts, packages and partners, each at its line. */
import { describe, test } from 'node:test'
import { expectMistake } from '../../../tests/support/declaration/mistakes.ts'
import type { Mistake } from '../../../tests/support/declaration/mistakes.ts'

const cases: readonly Mistake[] = [
  ['package: starter', 'package: large@2', '16 partners.acme.package: there is no package large'],
  [
    'package: starter',
    'package: starter@0',
    '16 partners.acme.package: is no package: its name (pro), or one of its versions (pro@2)',
  ],
  [
    'package: starter',
    'package: starter\n    attributes: { slug: x }',
    '17 partners.acme.attributes.slug: every partner has this one of itself',
  ],
  [
    'exposure: general',
    'exposure: general, gates: [legal]',
    '10 capabilities.orders.gates.0: there is no gate legal',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: check, reference: x, on: 2026-01-01 }]',
    '10 capabilities.orders.evidence.0.gate: there is no gate legal',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: sign-off, reference: x, on: 2026-02-30 }]',
    '10 capabilities.orders.evidence.0.on: is no date (2026-11-01) and no time in UTC (2026-11-01T09:30:00Z)',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: sign-off, reference: x, on: 2026-02-03, until: 2026-02-03 }]',
    '10 capabilities.orders.evidence.0: a sign-off says who signed: signedBy',
  ],
  [
    'exposure: general',
    'exposure: general, evidence: [{ gate: legal, kind: check, reference: x, on: 2026-02-03, until: 2026-02-03 }]',
    '10 capabilities.orders.evidence.0.until: does not come after on',
  ],
  [
    'capabilities:',
    'gates: { legal: { title: Legal, lasts: 90 } }\ncapabilities:',
    '9 gates.legal.lasts: must be text',
  ],
  [
    'capabilities:',
    'gates: { legal: { title: Legal, lasts: 0d } }\ncapabilities:',
    '9 gates.legal.lasts: is no number of days such as 90d',
  ],
  [
    'exposure: general',
    'exposure: deprecated, successor: order',
    '10 capabilities.orders.successor: there is no capability order',
  ],
  [
    'orders: { title: Orders, exposure: general }',
    'orders: { title: O, exposure: general, successor: more }\n  more: { title: M, exposure: general, successor: orders }',
    '11 capabilities.more.successor: comes back to more: a circle',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: yes',
    '10 capabilities.orders.rollout: is none of on, off',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { percentage: 1, to: on } }',
    '10 capabilities.orders.rollout.live: must say one of to, percentage and cohort',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { percentage: 1.234 } }',
    '10 capabilities.orders.rollout.live.percentage: is a number from 0 to 100 with at most two decimals',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { to: off, steps: [{ at: 2027-01-02, to: on }, { at: 2027-01-01, percentage: 5 }] } }',
    '10 capabilities.orders.rollout.live.steps.1.at: does not come after the step before it',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { to: off, steps: [{ at: 2027-01-01, to: on }, { at: 2027-01-02, percentage: 5 }, { at: 2027-01-03, to: on }] } }',
    '10 capabilities.orders.rollout.live.steps.2: goes back to an earlier step: a circle',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { cohort: { where: { not: { not: { not: { not: { not: { attribute: a, in: [b] } } } } } } } } }',
    '10 capabilities.orders.rollout.live.cohort.where.not.not.not.not.not: is nested more than 5 deep',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { cohort: { where: { all: [] } } } }',
    '10 capabilities.orders.rollout.live.cohort.where.all: is a list that is not empty',
  ],
  [
    'exposure: general',
    'exposure: general, rollout: { live: { to: off, steps: [{ at: 2027-01-01, cohort: { where: &a { not: *a } } }] } }',
    '10 capabilities.orders.rollout.live.steps.0.cohort.where.not.not.not.not.not: is nested more than 5 deep',
  ],
  [
    'capabilities: [orders]',
    'capabilities: [orders], entitlements: { orders: true }',
    '12 packages.starter.entitlements.orders: stands in capabilities too',
  ],
  [
    'capabilities: [orders]',
    'entitlements: { order: false }',
    '12 packages.starter.entitlements.order: can only be true',
  ],
  [
    'capabilities: [orders]',
    'entitlements: { orders: { quota: { amount: 5, period: month }, value: 5 } }',
    '12 packages.starter.entitlements.orders: has a quota or a value, not both',
  ],
  [
    'capabilities: [orders]',
    "entitlements: { orders: { price: { amount: '0.001', currency: EUR } } }",
    "12 packages.starter.entitlements.orders.price: is no price such as { amount: '0.02', currency: EUR }",
  ],
  [
    'capabilities: [orders]',
    'capabilities: [orders], limits: { burst: 0, perSecond: 5 }',
    '12 packages.starter.limits.burst: must be >= 1',
  ],
]

describe('each mistake is told at its line', () => {
  for (const mistake of cases) test(mistake[1].replaceAll('\n', ' ⏎ '), () => expectMistake(mistake))
})
