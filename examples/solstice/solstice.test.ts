/** What Solstice answers, operation by operation, held against its contract. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createData } from './data/data.ts'
import { type Solstice, startSolstice } from './testing/child.ts'
import { type Contract, type Json, loadContract } from './testing/contract.ts'

let solstice: Solstice
let contract: Contract

before(async () => {
  ;[solstice, contract] = await Promise.all([startSolstice(), loadContract()])
})
after(() => solstice.kill())

type Call = {
  readonly path?: string
  readonly body?: unknown
  readonly partner?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly base?: string
}

/** Calls an operation; `path` replaces the one of the contract (`{id}` filled in, a query added). */
function call(
  operation: string,
  { path, body, partner = 'ptn_a', headers, base = solstice.live }: Call = {},
) {
  const { method, path: template } = contract.operations.get(operation) ?? assert.fail(operation)
  return fetch(base + (path ?? template), {
    method,
    headers: { 'portico-partner-id': partner, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** Calls, holds the answer against the contract, and gives status and body. */
async function checked(operation: string, options: Call = {}): Promise<{ status: number; body: Json }> {
  const response = await call(operation, options)
  return { status: response.status, body: await contract.conforms(operation, response) }
}

function rows(body: Json): readonly Json[] {
  return body['data'] as readonly Json[]
}

function exampleOf(operation: string): Json {
  const { operation: found } = contract.operations.get(operation) ?? assert.fail(operation)
  const content = (found['requestBody'] as Json)['content'] as Readonly<Record<string, Json>>
  return content['application/json']?.['example'] as Json
}

async function newProject(partner = 'ptn_a'): Promise<Json> {
  const { status, body } = await checked('createProject', { body: exampleOf('createProject'), partner })
  assert.equal(status, 201)
  return body
}

/** Names of all properties, at any depth. */
function namesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const names = Array.isArray(value) ? [] : Object.keys(value)
  return [...names, ...Object.values(value).flatMap(namesIn)]
}

describe('who may not', () => {
  test('401 without a partner, for nobody but the gateway should come here', async () => {
    assert.equal((await call('listProjects', { partner: '' })).status, 401)
  })

  test('421 when a call for the sandbox reaches the live system', async () => {
    const headers = { 'portico-environment': 'sandbox' }
    assert.equal((await call('listProjects', { headers })).status, 421)
    assert.equal((await call('listProjects', { headers, base: solstice.sandbox })).status, 200)
  })

  test('404 for a project of another partner, which no list shows either', async () => {
    const { id } = await newProject('ptn_a')
    const path = `/api/projects/${String(id)}`
    assert.equal((await checked('getProject', { path })).status, 200)
    assert.equal((await checked('getProject', { path, partner: 'ptn_b' })).status, 404)
    const archive = { path: `${path}/archive`, partner: 'ptn_b' }
    assert.equal((await checked('archiveProject', archive)).status, 404)
    const { body } = await checked('listProjects', { path: '/api/projects?limit=100', partner: 'ptn_b' })
    assert.ok(rows(body).every((row) => row['showcase'] === true))
  })

  test('the control paths are closed unless the process was started for it', async () => {
    for (const path of ['/_faults', '/_received']) {
      assert.equal((await fetch(solstice.live + path)).status, 404)
    }
  })
})

describe('lists', () => {
  for (const operation of ['listProjects', 'listDesigns', 'listProposals', 'listProducts', 'listRateCards']) {
    test(`${operation}: every page holds to the contract, every row comes once, newest first`, async () => {
      const base = contract.operations.get(operation)?.path ?? assert.fail()
      const { body: whole } = await checked(operation, { path: `${base}?limit=100` })
      assert.equal(whole['nextCursor'], null)
      const ids: unknown[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const next: string = cursor === '' ? '' : `&cursor=${cursor}`
        const { body } = await checked(operation, { path: `${base}?limit=2${next}` })
        ids.push(...rows(body).map((row) => row['id']))
        assert.equal(body['hasMore'], body['nextCursor'] !== null)
        cursor = body['nextCursor'] as string | null
      }
      assert.deepEqual(
        ids,
        rows(whole).map((row) => row['id']),
      )
      assert.equal(new Set(ids).size, ids.length)
      assert.ok(ids.length > 4)
    })
  }

  test('a filter shows only what it names', async () => {
    const { body } = await checked('listProducts', { path: '/api/products?category=inverter' })
    assert.deepEqual(new Set(rows(body).map((row) => row['category'])), new Set(['inverter']))
    const { body: designs } = await checked('listDesigns', {
      path: '/api/designs?projectId=prj_1001&status=final',
    })
    assert.equal(rows(designs).length, 1)
  })

  test('400 for a cursor of another filter, of another partner, or made up', async () => {
    const { body } = await checked('listProjects', { path: '/api/projects?limit=1' })
    const path = `/api/projects?limit=1&cursor=${String(body['nextCursor'])}`
    assert.equal((await checked('listProjects', { path })).status, 200)
    assert.equal((await checked('listProjects', { path: `${path}&status=lead` })).status, 400)
    assert.equal((await checked('listProjects', { path, partner: 'ptn_b' })).status, 400)
    assert.equal((await checked('listProjects', { path: '/api/projects?cursor=abc' })).status, 400)
  })
})

describe('single resources', () => {
  const ids = {
    getProject: 'prj',
    getDesign: 'dsg',
    getProposal: 'prp',
    getProduct: 'prd',
    getRateCard: 'rc',
  }
  for (const [operation, prefix] of Object.entries(ids)) {
    const first = prefix === 'prd' || prefix === 'rc' ? 101 : 1001
    test(`${operation}: 200 with internal and undeclared fields, 404 for an unknown id`, async () => {
      const base = (contract.operations.get(operation)?.path ?? assert.fail()).replace('{id}', '')
      const { status, body } = await checked(operation, { path: `${base}${prefix}_${first}` })
      assert.equal(status, 200)
      for (const name of ['cost', 'supplierSource', '_debug', 'internalNotes']) {
        assert.ok(namesIn(body).includes(name), `${operation} shows no ${name}`)
      }
      assert.equal((await checked(operation, { path: `${base}${prefix}_999999` })).status, 404)
    })
  }

  test('304 for a reader that has the current state, 200 once it has changed', async () => {
    const created = await call('createProject', { body: exampleOf('createProject') })
    const path = created.headers.get('location') ?? assert.fail()
    const headers = { 'if-none-match': created.headers.get('etag') ?? assert.fail() }
    assert.equal((await checked('getProject', { path, headers })).status, 304)
    assert.equal((await checked('archiveProject', { path: `${path}/archive` })).status, 200)
    assert.equal((await checked('getProject', { path, headers })).status, 200)
  })

  test('all kinds of roof and financing are there from the start', async () => {
    const { body: projects } = await checked('listProjects', { path: '/api/projects?limit=100' })
    const roofs = rows(projects).map((row) => (row['roof'] as Json)['kind'])
    assert.deepEqual(new Set(roofs), new Set(['pitched', 'flat']))
    const { body: proposals } = await checked('listProposals')
    const ways = rows(proposals).map((row) => (row['financing'] as Json)['type'])
    assert.deepEqual(new Set(ways), new Set(['cash', 'loan', 'lease']))
  })
})

describe('writes', () => {
  test('a project goes from lead to proposed, each step as the contract says', async () => {
    const project = await newProject()
    const projectId = String(project['id'])
    assert.equal(project['status'], 'lead')
    const design = await checked('createDesign', { body: { ...exampleOf('createDesign'), projectId } })
    assert.equal(design.status, 201)
    for (const financing of [
      { type: 'cash' },
      { type: 'loan', termMonths: 60 },
      { type: 'lease', termMonths: 180 },
    ]) {
      const body = { ...exampleOf('createProposal'), projectId, designId: design.body['id'], financing }
      assert.equal((await checked('createProposal', { body })).status, 201)
    }
    const { body } = await checked('getProject', { path: `/api/projects/${projectId}` })
    assert.equal(body['status'], 'proposed')
    assert.notEqual(body['value'], null)
  })

  test('422 names every place that makes no sense', async () => {
    const wish = exampleOf('createDesign')
    const arrays = [{ ...(wish['arrays'] as readonly Json[])[0], moduleProductId: 'prd_201' }]
    const body = { ...wish, projectId: 'prj_999999', inverterProductId: 'prd_000', arrays }
    const answer = await checked('createDesign', { body })
    assert.equal(answer.status, 422)
    assert.deepEqual(
      (answer.body['errors'] as readonly Json[]).map((error) => error['pointer']),
      ['#/projectId', '#/inverterProductId', '#/arrays/0/moduleProductId'],
    )
    const large = { ...exampleOf('createProject'), desiredSizeKwp: 500 }
    assert.equal((await checked('createProject', { body: large })).status, 422)
    const late = { ...exampleOf('createProposal'), validUntil: '2020-01-01', designId: 'dsg_1002' }
    assert.equal((await checked('createProposal', { body: late })).status, 422)
    assert.equal((await checked('createProject', { body: [] })).status, 422)
  })

  test('409 for a showcase project, for an archived one, and for what would belong to it', async () => {
    const showcase = { path: '/api/projects/prj_1001/archive' }
    assert.equal((await checked('archiveProject', showcase)).body['code'], 'showcase_project')
    const projectId = String((await newProject())['id'])
    const archive = { path: `/api/projects/${projectId}/archive` }
    assert.equal((await checked('archiveProject', archive)).body['status'], 'archived')
    assert.equal((await checked('archiveProject', archive)).body['code'], 'project_archived')
    const design = { body: { ...exampleOf('createDesign'), projectId } }
    assert.equal((await checked('createDesign', design)).status, 409)
  })
})

describe('seeds', () => {
  test('are the same at every start and differ between live and sandbox', () => {
    const names = (environment: 'live' | 'sandbox'): string =>
      JSON.stringify(createData(environment).showcase)
    assert.equal(names('live'), names('live'))
    assert.notEqual(names('live'), names('sandbox'))
  })
})
