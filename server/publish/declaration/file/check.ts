/** Holds the values of a file against the shape, and then against each other. Every mistake is told, at its line. */
import Ajv2020 from 'ajv/dist/2020.js'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { parseDuration } from '#/kernel/config/config.ts'
import { shape } from '#/publish/declaration/file/shape.ts'
import { checkAccess, checkPartners } from '#/publish/declaration/file/references.ts'
import type { Written } from '#/publish/declaration/file/shape.ts'
import type { Mistakes, Path } from '#/publish/declaration/file/source.ts'

/** The value, or null when it is not in the shape; `mistakes` then says everything that is wrong. */
export function checkShape(value: unknown, mistakes: Mistakes): Written | null {
  const validate = compileShape()
  if (validate(value)) return value
  const errors = validate.errors ?? []
  for (const error of errors) {
    // Only says that another error, which is in the list as well, was found in a name.
    if (error.keyword === 'propertyNames') continue
    mistakes.add(pathOf(error), sentenceOf(error))
  }
  return null
}

function compileShape(): ValidateFunction<Written> {
  const ajv = new Ajv2020.default({
    allErrors: true,
    strict: true,
    verbose: true,
    allowUnionTypes: true,
    // Ours, and a test says that it is one; compiling the schema of schemas took longer than compiling this.
    validateSchema: false,
    // It checks one file, once: what would make it faster takes longer than it saves.
    code: { optimize: false },
  })
  ajv.addFormat('portico-duration', (text: string) => (parseDuration(text) ?? 0) > 0)
  ajv.addFormat('portico-upstream', isUpstream)
  ajv.addFormat('portico-time', isTime)
  ajv.addFormat('portico-switch', /^(?:on|off)$/)
  ajv.addFormat('portico-days', /^[1-9]\d{0,4}d$/)
  ajv.addFormat('portico-package', /^(?=.{1,63}(?:@|$))[a-z0-9]+(-[a-z0-9]+)*(?:@[1-9]\d{0,8})?$/)
  return ajv.compile<Written>(shape)
}

/** An address to put an operation's path behind. Credentials in it would end up in logs. */
function isUpstream(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return false
  return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}

/** UTC; a day that there is. */
function isTime(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/.test(text)) return false
  const at = new Date(text)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text.slice(0, 10))
}

function pathOf(error: ErrorObject): Path {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  const extra =
    error.keyword === 'additionalProperties' ? error.params.additionalProperty : error.propertyName
  return typeof extra === 'string' ? [...path, extra] : path
}

const formats: Readonly<Record<string, string>> = {
  'portico-duration': 'is not a duration such as 500ms, 20s or 5m',
  'portico-upstream':
    'is not an address that begins with http:// or https:// and has no credentials, query or fragment',
  'portico-time': 'is no date (2026-11-01) and no time in UTC (2026-11-01T09:30:00Z)',
  'portico-switch': 'is none of on, off',
  'portico-days': 'is no number of days such as 90d',
  'portico-package': 'is no package: its name (pro), or one of its versions (pro@2)',
}

function sentenceOf(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {})
      return `is not known here; known are ${known.join(', ')}`
    }
    case 'required':
      return `${String(params.missingProperty)} is missing`
    case 'enum':
      return `is none of ${(params.allowedValues as string[]).join(', ')}`
    case 'const':
      return `can only be ${String(params.allowedValue)}`
    case 'type':
      return `must be ${[params.type]
        .flat()
        .map((type) => kinds[String(type)] ?? String(type))
        .join(' or ')}`
    case 'format':
      return formats[String(params.format)] ?? 'has the wrong form'
    case 'pattern':
      return 'is no name: small letters and digits, in parts joined by hyphens'
    case 'uniqueItems':
      return `names the same twice (${places(params).join(' and ')})`
    default:
      return error.message ?? 'is wrong'
  }
}

/** From one on, the earlier first. */
function places({ i, j }: Record<string, unknown>): readonly number[] {
  return [Number(i) + 1, Number(j) + 1].toSorted((a, b) => a - b)
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a mapping of names to values',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
}

/** What one part says of another that is not so. */
export function checkReferences(written: Written, mistakes: Mistakes): void {
  const { contracts, upstreams } = written
  for (const [name, contract] of Object.entries(contracts)) {
    if (name === 'partner')
      mistakes.add(['contracts', name], 'is the name of the Partner API; choose another')
    if (!Object.hasOwn(upstreams, contract.upstream)) {
      mistakes.add(['contracts', name, 'upstream'], `there is no upstream ${contract.upstream}`)
    }
  }
  for (const [name, upstream] of Object.entries(upstreams)) {
    if (withoutSlash(upstream.live) === withoutSlash(upstream.sandbox)) {
      mistakes.add(['upstreams', name, 'sandbox'], 'is the live system; the sandbox must be another')
    }
  }
  checkAccess(written, mistakes)
  checkPartners(written, mistakes)
}

/** The form in which an upstream's address is kept, so that two ways to write one address are the same. */
export function withoutSlash(url: string): string {
  return new URL(url).href.replace(/\/+$/, '')
}
