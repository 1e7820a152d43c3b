/** Reads the settings once, at the start, and reports every mistake in one go. */
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { settings } from '#/kernel/config/settings.ts'
import type { Kind, Setting } from '#/kernel/config/settings.ts'

export { settings } from '#/kernel/config/settings.ts'

export type Config = {
  readonly port: number
  readonly adminPort: number
  readonly host: string
  readonly adminHost: string
  readonly publicUrl: string | null
  /** Absolute. */
  readonly data: string
  readonly databaseUrl: string | null
  /** Absolute path of portico.yaml; null: the demo provider. */
  readonly provider: string | null
  readonly key: Buffer | null
  readonly tls: { readonly cert: string; readonly key: string } | null
  readonly outboundLoopback: boolean
  readonly journalSync: 'grouped' | 'always'
  readonly smtp: string | null
  readonly mailFrom: string
  /** Milliseconds. */
  readonly snapshotAge: number
  readonly drainTime: number
  readonly logLevel: string
  readonly traces: string | null
  readonly traceRatio: number
}

/** Everything that is wrong with the settings, one line each. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[]
  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = mistakes
  }
}

type Read = { readonly value: unknown } | { readonly mistake: string }

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A day, in milliseconds; timers of Node run at most 24 of them, and then at once. */
const longest = 86_400_000

/** `2s`, `500ms`, `5m` in milliseconds; null when it is no duration. */
export function parseDuration(text: string): number | null {
  const found = /^(\d{1,9})(ms|s|m|h)$/.exec(text)
  return found ? Number(found[1]) * (units[found[2] ?? ''] ?? 1) : null
}

const readers: Readonly<Record<Kind, (text: string, setting: Setting) => Read>> = {
  port: (text) =>
    /^\d{1,5}$/.test(text) && Number(text) <= 65_535
      ? { value: Number(text) }
      : { mistake: 'is not a port (0 to 65535)' },
  path: (text) => ({ value: resolve(text) }),
  text: (text) => ({ value: text }),
  flag: (text) =>
    text === 'true' || text === 'false'
      ? { value: text === 'true' }
      : { mistake: 'is neither true nor false' },
  choice: (text, setting) =>
    setting.choices?.includes(text)
      ? { value: text }
      : { mistake: `is none of ${setting.choices?.join(', ') ?? ''}` },
  url: (text) => {
    if (!URL.canParse(text) || !/^https?:/.test(text)) {
      return { mistake: 'is not an address that begins with http:// or https://' }
    }
    const { username, password, search, hash } = new URL(text)
    return username + password + search + hash === ''
      ? { value: text.replace(/[/?#]+$/, '') }
      : { mistake: 'has more than a host, a port and a path' }
  },
  smtp: (text) =>
    URL.canParse(text) && /^smtps?:\/\/[^/]/.test(text)
      ? { value: text }
      : { mistake: 'is not an address that begins with smtp:// or smtps://' },
  postgres: (text) => {
    if (!URL.canParse(text) || !/^postgres(ql)?:/.test(text)) {
      return { mistake: 'is not an address that begins with postgres://' }
    }
    return new URL(text).host === '' ? { mistake: 'names no host' } : { value: text }
  },
  duration: (text) => {
    const value = parseDuration(text)
    if (value === null) return { mistake: 'is not a duration such as 500ms, 20s or 5m' }
    return value > longest ? { mistake: 'is longer than 24h' } : { value }
  },
  share: (text) => {
    const value = /^\d*\.?\d+(e-\d+)?$/i.test(text) ? Number(text) : Number.NaN
    return value >= 0 && value <= 1 ? { value } : { mistake: 'is not a number from 0 to 1' }
  },
  key: (text) => {
    const value = Buffer.from(text, 'base64')
    return value.length === 32 ? { value } : { mistake: 'is not 32 bytes in base64' }
  },
}

function readAll(environment: Readonly<Record<string, string | undefined>>, mistakes: string[]) {
  const values: Record<string, unknown> = {}
  for (const [property, setting] of Object.entries<Setting>(settings)) {
    // Files of settings bring blanks and carriage returns along.
    const text = environment[setting.name]?.trim() || setting.fallback
    if (text === null) {
      values[property] = null
      continue
    }
    const read = readers[setting.kind](text, setting)
    if ('mistake' in read) {
      mistakes.push(`${setting.name}${setting.secret ? '' : `=${text}`} ${read.mistake}`)
    } else values[property] = read.value
  }
  return values
}

/** Throws `ConfigError` with all mistakes. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const mistakes: string[] = []
  const values = readAll(environment, mistakes)
  const { tlsCert, tlsKey } = values
  if ((tlsCert === null) !== (tlsKey === null))
    mistakes.push('TLS_CERT and TLS_KEY go together; one is missing')
  for (const [name, path] of [
    ['TLS_CERT', tlsCert],
    ['TLS_KEY', tlsKey],
    ['PORTICO_CONFIG', values.provider],
  ] as const) {
    if (typeof path === 'string' && !readable(path)) mistakes.push(`${name}=${path} cannot be read`)
  }
  if (values.port !== 0 && values.port !== undefined && values.port === values.adminPort) {
    mistakes.push(`PORT and ADMIN_PORT are both ${values.port as number}`)
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  const tls =
    typeof tlsCert === 'string' && typeof tlsKey === 'string' ? { cert: tlsCert, key: tlsKey } : null
  // Each property was read by the reader of its kind, so the shape is the one declared above.
  return { ...(values as unknown as Config), tls }
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** The key of this installation: the setting, else the one in the data folder, made there at the first start (0600). */
export function installationKey(config: Config): Buffer {
  if (config.key) return config.key
  const file = join(config.data, 'key')
  if (!existsSync(file)) {
    mkdirSync(config.data, { recursive: true })
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
  if (key.length !== 32) throw new ConfigError([`${file} does not hold 32 bytes in base64`])
  return key
}
