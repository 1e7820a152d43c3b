/** Every statement on what partners own asks whose it is and is marked so, or is named here with why it need not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { ownedTables } from './support/ownership/owned.ts'
import { isAnothers, withoutOwner } from './support/ownership/forget.ts'
import { statementsByFile } from './support/ownership/statements.ts'

const database = await testDatabase()

/** `<area>/<feature> <statement>`, by the reason why no owner stands in it. */
const ownerless: Readonly<Record<string, readonly string[]>> = {
  'A partner owns itself: its id is the condition.': [
    'identity/partners selectPartner',
    'identity/partners renamePartner',
    'identity/partners setPartnerState',
  ],
  'For operators and the command line, who look for partners.': [
    'identity/partners selectPartnerBySlug',
    'identity/partners listPartners',
  ],
  'A person’s own, across the partners they belong to: for the sign-in, sessions, and when they are forgotten.':
    [
      'identity/people listMemberships',
      'identity/people deleteMemberships',
      'identity/sessions insertSession',
      'identity/sessions selectSession',
      'identity/sessions listSessions',
    ],
  'Whoever calls acts for nobody yet; a token, a link or the domain of an address is the condition.': [
    'identity/invitations openByToken',
    'identity/invitations markAccepted',
    'identity/sso selectForSignIn',
    'identity/sso selectByDomain',
  ],
  'The provider holds a leaked key and asks whose it is.': ['identity/keys ownerOfKey'],
  'The system’s own work, for many partners at once.': [
    'identity/keys noteUse',
    'identity/keys noticeExpiring',
    'publish/snapshot partners',
    'publish/snapshot applications',
    'publish/snapshot keys',
    'usage/ingest endStreams',
    'access/agreements takeDue',
    'access/requests tellOverdue',
  ],
  'Operators fill a pilot, and a place is free or not whoever has it; a partner is shown its own by another statement.':
    [
      'access/pilots countPlaces',
      'access/pilots listAdmitted',
      'access/pilots listPlaces',
      'access/pilots listWaiting',
    ],
  'Operators review what any partner handed in; whose it is they learn here, and ask for it as that partner’s.':
    ['access/requests listSubmitted', 'access/requests selectPartnerOf'],
  'For operators: how many partners are on each version of a package.': [
    'access/packages listPackages',
    'access/packages listUsedVersions',
  ],
  'Operators name partners in a rollout, and whether each of them is there is the question.': [
    'access/rollouts selectUnknown',
  ],
  'The chain is one for all partners; its sealer, its check and the search of operators read all of it.': [
    'governance/audit listUnsealed',
    'governance/audit readChain',
    'governance/audit readUnsealed',
    'governance/audit strayWaiting',
    'governance/audit listLines',
    'governance/audit exportLines',
  ],
  'Operators propose and decide, whatever partner it is about.': [
    'governance/proposals selectProposal',
    'governance/proposals lockProposal',
    'governance/proposals decideProposal',
    'governance/proposals expireProposals',
    'governance/proposals listProposals',
  ],
}

type Statement = { readonly name: string; readonly text: string }

async function allStatements(): Promise<Statement[]> {
  return [...(await statementsByFile())].flatMap(([file, statements]) => {
    const place = file.replace(/^server\/(.*)\/[^/]+$/, '$1')
    return Object.entries(statements).map(([name, text]) => ({ name: `${place} ${name}`, text }))
  })
}

const statements = await allStatements()
const owned = (await ownedTables(database.owner)).map((name) => name.replace(/^\w+\./, ''))

/** What only adds a row names its partner in it, and row-level security refuses another's name: that is no reading. */
const reads = ({ text }: Statement) =>
  owned.some((table) =>
    new RegExp(`\\b${table}\\b`).test(
      text.replaceAll(/'[^']*'/g, '').replaceAll(new RegExp(`insert into (?:\\w+\\.)?${table}\\b`, 'g'), ''),
    ),
  )

test('every statement that reads or changes rows of partners is marked, or its reason is known', () => {
  const unmarked = statements.filter((one) => reads(one) && !one.text.includes('/* owner */'))
  assert.ok(owned.length >= 20)
  assert.deepEqual(
    unmarked.map(({ name }) => name).toSorted(),
    Object.values(ownerless).flat().toSorted(),
    'put `partner_id = $1 /* owner */` into it, the partner first, or name it above with its reason',
  )
})

test('a mark stands behind a condition of ownership, on a table of partners, and the rest stands without it', async () => {
  const marked = statements.filter(({ text }) => text.includes('/* owner */'))
  assert.ok(marked.length >= 30, String(marked.length))
  // Without a policy there is no second wall that the mark could promise.
  assert.deepEqual(
    marked.filter((one) => !reads(one)).map(({ name }) => name),
    [],
    'marked, and on no table with the policy of ownership',
  )
  const client = await database.live.pool.connect()
  try {
    for (const { name, text } of marked) {
      await client.query(`prepare probe as ${withoutOwner(text)}`).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`, { cause: error })
      })
      await client.query('deallocate probe')
    }
  } finally {
    client.release()
  }
})

test('a condition in another form is no ownership', () => {
  assert.equal(
    withoutOwner('select 1 from identity_key k where k.partner_id = $2 /* owner */ and id = $1'),
    'select 1 from identity_key k where ($2::uuid is not distinct from $2) and id = $1',
  )
  assert.equal(
    withoutOwner('select 1 from identity_key where partner_id between $1 and $2 /* owner */ and id = $3'),
    'select 1 from identity_key where (($1::uuid is not distinct from $1) and ($2::uuid is not distinct from $2)) and id = $3',
  )
  for (const column of ['id', 'acting_partner_id']) {
    for (const condition of ['= $1', 'between $1 and $2', 'between $1 and now()']) {
      const text = `select 1 from identity_key where ${column} ${condition} /* owner */`
      assert.throws(() => withoutOwner(text), /is not distinct from/, text)
    }
  }
  assert.throws(() =>
    withoutOwner('select 1 from identity_key where partner_id between $1 and id /* owner */'),
  )
})

test('a row of somebody else is noticed by its column and in its lines', () => {
  const [own, other] = ['1'.repeat(36), '2'.repeat(36)]
  for (const row of [{}, { partnerId: own }, { lines: null }, { lines: `${own}[1]\n${own}[2]` }])
    assert.equal(isAnothers(row, own), false, JSON.stringify(row))
  for (const row of [{ partnerId: other }, { lines: `${own}[1]\n${other}[2]` }, { lines: `${other}[1]` }])
    assert.equal(isAnothers(row, own), true, JSON.stringify(row))
})
