/** Upstreams and the contracts they serve, as things. Neither can be changed but by a file. */
import {
  declareUpstream,
  listPublished,
  listUpstreams,
  publishContract,
  withdrawOthers,
} from '#/contracts/published/published.ts'
import type { NewContract, Upstream } from '#/contracts/published/published.ts'
import { parseDuration } from '#/kernel/config/config.ts'
import type { Tx } from '#/kernel/db/db.ts'
import { withoutSlash } from '#/publish/declaration/file/check.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import type { Change } from '#/publish/declaration/compare.ts'
import type { Fields, Thing } from '#/publish/declaration/things.ts'

type UpstreamFields = { live: string; sandbox: string } & Record<keyof typeof defaultTimeouts, string>

const defaultTimeouts = { connect: '2s', headers: '10s', idle: '30s' } as const

export function saidUpstreams({ upstreams }: Written): readonly Thing[] {
  return Object.entries(upstreams).map(([name, { live, sandbox, timeouts }]) => {
    const times = Object.entries({ ...defaultTimeouts, ...timeouts }).map(([which, text]) => {
      return [which, durationOf(parseDuration(text) ?? 0)]
    })
    const fields = { live: withoutSlash(live), sandbox: withoutSlash(sandbox), ...Object.fromEntries(times) }
    return { kind: 'upstreams', name, fields }
  })
}

export async function readUpstreams(tx: Tx): Promise<readonly Thing[]> {
  const all = await listUpstreams(tx)
  return all.map(({ id, name, live, sandbox, connectTimeout, headersTimeout, idleTimeout }) => {
    const times = { connect: connectTimeout, headers: headersTimeout, idle: idleTimeout }
    const texts = Object.entries(times).map(([which, time]) => [which, durationOf(time)])
    const fields = { live, sandbox, ...Object.fromEntries(texts) }
    return { kind: 'upstreams', name, fields, subject: { kind: 'upstream', id } }
  })
}

export async function applyUpstream(tx: Tx, { thing, target }: Change): Promise<void> {
  const { live, sandbox, connect, headers, idle } = target as UpstreamFields
  const read = (text: string) => parseDuration(text) ?? 0
  const timeouts = { connectTimeout: read(connect), headersTimeout: read(headers), idleTimeout: read(idle) }
  const upstream: Upstream = { name: thing.name, live, sandbox, ...timeouts }
  await declareUpstream(tx, upstream)
}

export function writtenUpstream(fields: Fields): Written['upstreams'][string] {
  const { live, sandbox, ...times } = fields as UpstreamFields
  const timeouts = Object.fromEntries(
    Object.entries(times).filter(([which, text]) => text !== defaultTimeouts[which as keyof typeof times]),
  )
  return { live, sandbox, ...(Object.keys(timeouts).length > 0 && { timeouts }) }
}

/** The shortest text of a number of milliseconds. */
function durationOf(milliseconds: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const [unit, size] = units.find(([, each]) => milliseconds % each === 0) ?? ['ms', 1]
  return `${milliseconds / size}${unit}`
}

export function saidContracts(contracts: readonly NewContract[]): readonly Thing[] {
  return contracts.map((contract) => ({
    kind: 'contracts',
    name: contract.name,
    fields: contractFields(contract),
  }))
}

export async function readContracts(tx: Tx): Promise<readonly Thing[]> {
  return (await listPublished(tx)).map((contract) => ({
    kind: 'contracts',
    name: contract.name,
    fields: contractFields(contract),
    subject: { kind: 'contract', id: contract.id },
  }))
}

type Told = Pick<NewContract, 'upstream' | 'version' | 'sha256' | 'defaultClass'>

function contractFields({ upstream, version, sha256, defaultClass }: Told): Fields {
  return { upstream, version, document: sha256, ...(defaultClass !== null && { defaultClass }) }
}

export async function applyContract(
  tx: Tx,
  change: Change,
  contracts: readonly NewContract[],
): Promise<void> {
  const { verb, thing } = change
  if (verb === 'withdraw') {
    await withdrawOthers(
      tx,
      contracts.map(({ name }) => name),
    )
    return
  }
  const contract = contracts.find(({ name }) => name === thing.name)
  if (!contract) throw new Error(`the contract ${thing.name} was not read`)
  await publishContract(tx, contract)
}

/** The document is written beside the file. */
export function writtenContract(fields: Fields, name: string): Written['contracts'][string] {
  const isPublic = fields.defaultClass === 'public'
  return {
    file: `${name}.json`,
    upstream: String(fields.upstream),
    ...(isPublic && { defaultClass: 'public' as const }),
  }
}
