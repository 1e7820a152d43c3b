/**
 * Runs Solstice, the demo provider: a small solar-design company with an API of its own, one port for each
 * environment. It knows nothing of Portico but the headers by which a gateway names the caller.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApi } from './api.ts'
import { createData, type Environment } from './data/data.ts'

type Settings = {
  readonly host: string
  readonly ports: Readonly<Record<Environment, number>>
  readonly breakable: boolean
  readonly exitWithParent: boolean
}

/** Requests that are still open when the process is told to stop may take so long. */
const drainMilliseconds = 5000

function readSettings(env: NodeJS.ProcessEnv): Settings {
  const port = (name: string): number => {
    const value = env[name] || '0'
    if (!/^[0-9]{1,5}$/.test(value) || Number(value) > 65_535) throw new Error(`${name}: ${value} is no port`)
    return Number(value)
  }
  return {
    host: env['HOST'] || '127.0.0.1',
    ports: { live: port('PORT'), sandbox: port('SANDBOX_PORT') },
    breakable: env['SOLSTICE_FAULTS'] === '1',
    exitWithParent: env['SOLSTICE_EXIT_WITH_PARENT'] === '1',
  }
}

async function listen(environment: Environment, settings: Settings): Promise<Server> {
  const api = createApi({
    data: createData(environment),
    breakable: settings.breakable,
    now: () => new Date(),
  })
  // Longer than a gateway keeps an idle connection, so that it is never closed just as a request is sent on it.
  const server = createServer({ keepAliveTimeout: 65_000 }, api)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(settings.ports[environment], settings.host, resolve)
  await promise
  return server
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** No new connection; what is open may finish, but not for ever. */
function stop(servers: readonly Server[]): void {
  process.stdin.destroy()
  for (const server of servers) {
    server.close()
    server.closeIdleConnections()
  }
  setTimeout(() => servers.forEach((server) => server.closeAllConnections()), drainMilliseconds).unref()
}

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const live = await listen('live', settings)
  const sandbox = await listen('sandbox', settings)
  const servers = [live, sandbox]
  process.once('SIGTERM', () => stop(servers))
  process.once('SIGINT', () => stop(servers))
  if (settings.exitWithParent) {
    // The parent holds the other end of stdin. However it dies, the system closes that end.
    process.stdin.once('end', () => process.exit(0))
    process.stdin.once('error', () => process.exit(0))
    process.stdin.resume()
  }
  console.log(JSON.stringify({ listening: { live: addressOf(live), sandbox: addressOf(sandbox) } }))
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(`solstice: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  })
}
