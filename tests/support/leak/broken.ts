/** Gateways that leak, to prove that the judge sees it. */
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { AnswerRule, Operation, StatusRule } from '#/contracts/compile/compile.ts'

/** Its projector is `JSON.stringify`. */
export function passBodiesThrough(operation: Operation): Operation {
  const project = (value: unknown): string => JSON.stringify(value)
  return withRules(operation, (rule) => ({
    ...rule,
    rule: (contentType) => {
      const found = rule.rule(contentType)
      return found?.project ? ({ ...found, project } satisfies AnswerRule) : found
    },
  }))
}

/** It takes what servers commonly say for part of the contract. */
export function passHeadersThrough(operation: Operation): Operation {
  const names = ['server', 'x-powered-by', 'link', 'etag', 'location', 'x-cost', 'retry-after']
  const all = new Map(names.map((name) => [name, () => true]))
  return withRules(operation, (rule) => ({ ...rule, headers: new Map([...all, ...rule.headers]) }))
}

function withRules(operation: Operation, change: (rule: StatusRule) => StatusRule): Operation {
  return {
    ...operation,
    answer: (status) => {
      const rule = operation.answer(status)
      return rule && change(rule)
    },
  }
}

export type Relay = { readonly port: number; close(): Promise<void> }

/** Hands on bytes and looks at none of them: status line, informational answers, chunk extensions, trailers. */
export async function startRelay(upstreamPort: number): Promise<Relay> {
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk: Buffer) => to.write(chunk))
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) }
}
