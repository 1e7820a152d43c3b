/** The one table of settings. The reference page is generated from it, so each row says what a reader needs. */
export type Kind =
  | 'port'
  | 'path'
  | 'url'
  | 'text'
  | 'choice'
  | 'flag'
  | 'postgres'
  | 'smtp'
  | 'duration'
  | 'share'
  | 'key'

export type Setting = {
  readonly name: string
  readonly kind: Kind
  /** As it would be written in the environment; null: not set. */
  readonly fallback: string | null
  readonly choices?: readonly string[]
  /** The value is never printed. */
  readonly secret?: boolean
  readonly sentence: string
}

export const settings = {
  port: {
    name: 'PORT',
    kind: 'port',
    fallback: '8080',
    sentence: 'Port of the public side: operations, Partner API, portal. `0` takes any free one.',
  },
  adminPort: {
    name: 'ADMIN_PORT',
    kind: 'port',
    fallback: '8081',
    sentence: 'Port of the admin side: management API, console, metrics. `0` takes any free one.',
  },
  host: {
    name: 'HOST',
    kind: 'text',
    fallback: '0.0.0.0',
    sentence: 'Address the public side listens on.',
  },
  adminHost: {
    name: 'ADMIN_HOST',
    kind: 'text',
    fallback: '127.0.0.1',
    sentence:
      'Address the admin side listens on; open it to other machines only behind a network of your own.',
  },
  publicUrl: {
    name: 'PUBLIC_URL',
    kind: 'url',
    fallback: null,
    sentence: 'Address partners use, where it differs from the one listened on (a load balancer in front).',
  },
  data: {
    name: 'PORTICO_DATA',
    kind: 'path',
    fallback: '.portico',
    sentence: 'Folder of what this node keeps: journal, embedded database, generated key, demo facts.',
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    kind: 'postgres',
    fallback: null,
    secret: true,
    sentence:
      'PostgreSQL 15 or later; without it the embedded one runs. Its user must own the database and may create roles.',
  },
  provider: {
    name: 'PORTICO_CONFIG',
    kind: 'path',
    fallback: null,
    sentence: "The provider's `portico.yaml`; without it the demo provider runs.",
  },
  key: {
    name: 'PORTICO_KEY',
    kind: 'key',
    fallback: null,
    secret: true,
    sentence:
      '32 bytes as base64: seals personal data and signs cursors. Without it one is made in the data folder; every node of one database needs the same.',
  },
  tlsCert: {
    name: 'TLS_CERT',
    kind: 'path',
    fallback: null,
    sentence: 'Certificate chain (PEM) of the public side, with `TLS_KEY`; read again when the file changes.',
  },
  tlsKey: {
    name: 'TLS_KEY',
    kind: 'path',
    fallback: null,
    sentence: 'Private key (PEM) to `TLS_CERT`.',
  },
  outboundLoopback: {
    name: 'PORTICO_OUTBOUND_LOOPBACK',
    kind: 'flag',
    fallback: 'false',
    sentence:
      'Lets calls to addresses that others name (single sign-on) reach this very machine, over plain HTTP as well. For development and tests; never where partners are.',
  },
  journalSync: {
    name: 'PORTICO_JOURNAL_SYNC',
    kind: 'choice',
    fallback: 'grouped',
    choices: ['grouped', 'always'],
    sentence:
      '`grouped`: the journal is forced to disk every 50 ms, which survives a crash of the process; `always`: before every answer, which survives a power cut.',
  },
  smtp: {
    name: 'SMTP_URL',
    kind: 'smtp',
    fallback: null,
    secret: true,
    sentence:
      'Mail server, `smtp://user:password@host:587` or `smtps://…`. Without it messages are written to `mailbox/` in the data folder and named on the terminal.',
  },
  mailFrom: {
    name: 'MAIL_FROM',
    kind: 'text',
    fallback: 'Portico <portico@localhost>',
    sentence: 'Sender of messages.',
  },
  snapshotAge: {
    name: 'PORTICO_SNAPSHOT_AGE',
    kind: 'duration',
    fallback: '5m',
    sentence:
      'How long calls are served by what is known while the database cannot be heard, and a revoked key may still pass; then they are refused with 503. At least 2s.',
  },
  drainTime: {
    name: 'PORTICO_DRAIN_TIME',
    kind: 'duration',
    fallback: '20s',
    sentence: 'How long open requests may still run after SIGTERM.',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    kind: 'choice',
    fallback: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    sentence: 'From which level on the log speaks. It is JSON, a line an event, on the standard error.',
  },
  traces: {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    kind: 'url',
    fallback: null,
    sentence: 'Address of an OpenTelemetry collector (OTLP over HTTP); without it no spans are made.',
  },
  traceRatio: {
    name: 'PORTICO_TRACE_RATIO',
    kind: 'share',
    fallback: '0.01',
    sentence: 'Share of exchanges that get a span, from 0 to 1.',
  },
} as const satisfies Readonly<Record<string, Setting>>
