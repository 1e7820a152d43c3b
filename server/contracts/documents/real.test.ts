/** Documents of real companies are read and compiled, and hold to their own examples. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { compileDocument, OffContract, type Compiled } from '#/contracts/compile/compile.ts'
import { loadDocument } from '#/contracts/documents/documents.ts'
import { resolved } from '#/contracts/validation/validation.ts'
import { realText, type RealDocument } from '../../../tests/support/contracts.ts'

type Tree = Record<string, unknown>

const folder = mkdtempSync(join(tmpdir(), 'portico-real-'))
after(() => rmSync(folder, { recursive: true }))

async function load(name: RealDocument): Promise<{ document: Tree; compiled: Compiled }> {
  const file = join(folder, `${name}.json`)
  writeFileSync(file, realText(name))
  const { document, refusals, locate } = await loadDocument(file)
  assert.deepEqual(refusals, [])
  return {
    document: document as Tree,
    compiled: compileDocument(document, { contract: name, defaultClass: 'public', locate }),
  }
}

const tree = (value: unknown): Tree => (typeof value === 'object' && value !== null ? (value as Tree) : {})

function examplesOf(document: Tree, mediaType: unknown): unknown[] {
  const { examples, example } = tree(mediaType)
  const named = Object.values(tree(examples)).map((one) => tree(resolved(document, one))['value'])
  return [...named, example].filter((one) => one !== undefined)
}

type Told = { readonly good: number; readonly bad: readonly string[] }

/** Every example of a request and of an answer, held against what was compiled. */
function holdExamples(document: Tree, { operations }: Compiled): { requests: Told; answers: Told } {
  const requests = { good: 0, bad: [] as string[] }
  const answers = { good: 0, bad: [] as string[] }
  const tell = (told: typeof requests, where: string, wrong: unknown): void => {
    if (wrong === undefined) told.good++
    else told.bad.push(`${where}: ${JSON.stringify(wrong)}`)
  }
  const raw = Object.values(tree(document['paths'])).flatMap((item) => Object.values(tree(item)).map(tree))
  for (const operation of operations) {
    const described = raw.find(({ operationId }) => operationId === operation.id)
    const content = tree(tree(resolved(document, described?.['requestBody']))['content'])
    for (const [type, mediaType] of Object.entries(content)) {
      for (const example of examplesOf(document, mediaType)) {
        tell(requests, operation.id, operation.body?.rule(type)?.validate?.(example)[0])
      }
    }
    for (const [status, response] of Object.entries(tree(described?.['responses']))) {
      for (const [type, mediaType] of Object.entries(tree(tree(resolved(document, response))['content']))) {
        const project = operation.answer(Number(status))?.rule(type)?.project
        for (const example of project === null || project === undefined
          ? []
          : examplesOf(document, mediaType)) {
          const projected = project?.(example)
          tell(answers, `${operation.id} ${status}`, projected instanceof OffContract ? projected : undefined)
        }
      }
    }
  }
  return { requests, answers }
}

for (const [name, version] of [
  ['adyen-checkout-v70', 70],
  ['adyen-checkout-v71', 71],
] as const) {
  describe(name, () => {
    test('compiles, and every one of its examples is accepted and released', async () => {
      const { document, compiled } = await load(name)
      assert.deepEqual(compiled.refusals, [])
      assert.equal(compiled.operations.length, 28)
      assert.ok(compiled.operations.every(({ path }) => path.startsWith(`/v${version}/`)))
      const { requests, answers } = holdExamples(document, compiled)
      assert.deepEqual([requests.bad, answers.bad], [[], []])
      assert.deepEqual([requests.good, answers.good], [54, 146])
    })
    test('releases nothing while nobody has classified it', async () => {
      const { document } = await load(name)
      const { fields, unclassified, refusals } = compileDocument(document, { contract: name })
      assert.deepEqual(refusals, [])
      assert.equal(fields.released, 0)
      assert.ok(unclassified.length > 0)
      assert.equal(new Set(unclassified).size, unclassified.length)
    })
  })
}

describe('the document of GitHub', () => {
  test('compiles in less than five seconds, every check included', async () => {
    const started = process.cpuUsage()
    const { compiled } = await load('github-api')
    assert.deepEqual(compiled.refusals, [])
    assert.equal(compiled.operations.length, 1_223)
    for (const operation of compiled.operations) {
      operation.parameters?.({ path: [], query: 'per_page=1', header: () => undefined })
      for (const type of operation.body?.mediaTypes ?? []) operation.body?.rule(type)?.validate?.({})
      operation.answer(200)?.rule('application/json')?.project?.({})
    }
    // Of the processor, so that a busy machine does not count.
    const { user, system } = process.cpuUsage(started)
    assert.ok(user + system < 5_000_000, `took ${(user + system) / 1e6} s`)
  })
  test('accepts its examples, but for the few that contradict it', async () => {
    const { document, compiled } = await load('github-api')
    const { requests } = holdExamples(document, compiled)
    assert.deepEqual([requests.good, requests.bad.length], [404, 9], requests.bad.join('\n'))
  })
})
