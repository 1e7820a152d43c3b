/** The decision over the whole product of its facts, against a second one written as a reader would say it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { exposures } from '#/access/capabilities/capabilities.ts'
import type { Exposure } from '#/access/capabilities/capabilities.ts'
import { compileDecisions, decide, noDecision } from '#/access/entitlements/entitlements.ts'
import type { Facts } from '#/access/entitlements/entitlements.ts'
import { plainTerms } from '#/access/packages/packages.ts'
import type { PackageVersion } from '#/access/packages/packages.ts'

function version(id: string, title: string, capabilities: readonly string[]): PackageVersion {
  const terms = plainTerms(capabilities)
  return { id, packageId: id, name: title.toLowerCase(), title, number: 1, terms }
}

const starter = version('1', 'Starter', ['projects'])
const pro = version('2', 'Pro', ['projects', 'raw-data'])
const large = version('3', 'Large', ['raw-data'])
const packages = [large, pro, starter]
const titles: Readonly<Record<string, string>> = {
  projects: 'Projects',
  'raw-data': 'Raw data',
  other: 'Other',
}

const capability = (name: string, exposure: Exposure) => ({ name, title: titles[name] ?? name, exposure })

/** One sentence a cell: what a partner is told. */
function naive(facts: Facts): string {
  if (facts.capability === null) return '404 access.no_capability'
  if (['internal', 'dark', 'retired'].includes(facts.capability.exposure)) return '404 access.not_visible'
  if (facts.partnerState === 'suspended') return '403 access.partner_suspended'
  if (facts.capability.name === 'partner-api') return 'allow'
  if (facts.package === null) return '403 access.no_package'
  for (const name of Object.keys(facts.package.terms.entitlements))
    if (name === facts.capability.name) return 'allow'
  return '403 access.not_in_package'
}

const names = ['projects', 'raw-data', 'other', 'partner-api']

/** Every combination of the facts. */
function cells(): readonly Facts[] {
  return (['active', 'suspended'] as const).flatMap((partnerState) =>
    [null, ...packages].flatMap((on) =>
      names.flatMap((name) =>
        exposures.map((exposure): Facts => {
          return { partnerState, package: on, packages, capability: capability(name, exposure) }
        }),
      ),
    ),
  )
}

test('every cell agrees with a plain reading of the rules, and nothing is allowed beside them', () => {
  let allowed = 0
  for (const facts of cells()) {
    const decision = decide(facts)
    assert.equal(
      decision.allow ? 'allow' : `${decision.problem.status} ${decision.problem.code}`,
      naive(facts),
    )
    if (decision.allow) allowed += 1
    const { capability: asked, ...rest } = facts
    if (asked!.name === 'partner-api') continue
    assert.deepEqual(compileDecisions(rest, [asked!]).get(asked!.name), decision)
  }
  // 3 exposures that are seen × (4 grants of a package + the Partner API on 4 standings), active partners only.
  assert.deepEqual([cells().length, allowed], [2 * 4 * 4 * 6, 3 * (4 + 4)])
})

describe('what a refusal says', () => {
  const refuse = (facts: Partial<Facts>) => {
    const defaults = { partnerState: 'active', package: starter, packages } as const
    const decision = decide({ ...defaults, capability: capability('raw-data', 'general'), ...facts })
    assert.ok(!decision.allow)
    return decision
  }

  test('403 names the capability and the package, and where to ask', () => {
    const decision = refuse({})
    assert.equal(decision.rule, 'package')
    assert.equal(decision.detail, 'Raw data is not part of the Starter package.')
    assert.deepEqual(decision.next, [
      {
        action: 'request-access',
        detail: 'Ask for access to Raw data. It is part of Large and Pro.',
        href: '/portal/access?capability=raw-data',
      },
    ])
  })

  test('403 without a package, and for what no package has', () => {
    assert.equal(refuse({ package: null }).detail, 'You are not on a package yet, and Raw data needs one.')
    const nobody = refuse({ capability: capability('other', 'pilot') })
    assert.match(nobody.next[0]!.detail, /No package includes it today\.$/)
  })

  test('404 says nothing of what it hides', () => {
    const hidden = refuse({ capability: capability('raw-data', 'dark'), package: pro })
    assert.deepEqual(hidden.next, [])
    assert.doesNotMatch(JSON.stringify([hidden.detail, hidden.next]), /raw|dark|pro/i)
  })

  test('a capability that nobody declared is not in a compiled table, and `noDecision` hides it', () => {
    const table = compileDecisions({ partnerState: 'active', package: pro, packages }, [])
    assert.deepEqual([...table.keys()], ['partner-api'])
    assert.ok(!noDecision.allow && noDecision.problem.status === 404)
    assert.deepEqual(decide({ partnerState: 'active', package: pro, packages, capability: null }), noDecision)
  })
})
