/** Holds the values of a file against the shape, and then against each other. Every mistake is told, at its line. */
import Ajv2020 from 'ajv/dist/2020.js'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { ownCapability } from '#/access/capabilities/capabilities.ts'
import { parseDuration } from '#/kernel/config/config.ts'
import { shape } from '#/publish/declaration/shape.ts'
import type { Written } from '#/publish/declaration/shape.ts'
import type { Mistakes, Path } from '#/publish/declaration/source.ts'

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
  const ajv = new Ajv2020.default({ allErrors: true, strict: true, verbose: true })
  ajv.addFormat('portico-duration', (text: string) => (parseDuration(text) ?? 0) > 0)
  ajv.addFormat('portico-upstream', isUpstream)
  return ajv.compile<Written>(shape)
}

/** An address to put an operation's path behind. Credentials in it would end up in logs. */
function isUpstream(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return false
  return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
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
      return `must be ${kinds[String(params.type)] ?? String(params.type)}`
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
}

/** What one part says of another that is not so. */
export function checkReferences(written: Written, mistakes: Mistakes): void {
  const { contracts, upstreams, capabilities, packages, partners = {} } = written
  for (const [name, contract] of Object.entries(contracts)) {
    if (name === 'partner')
      mistakes.add(['contracts', name], 'is the name of the Partner API; choose another')
    if (!Object.hasOwn(upstreams, contract.upstream)) {
      mistakes.add(['contracts', name, 'upstream'], `there is no upstream ${contract.upstream}`)
    }
  }
  for (const [name, upstream] of Object.entries(upstreams)) {
    if (sameAddress(upstream.live, upstream.sandbox)) {
      mistakes.add(['upstreams', name, 'sandbox'], 'is the live system; the sandbox must be another')
    }
  }
  if (Object.hasOwn(capabilities, ownCapability)) {
    mistakes.add(['capabilities', ownCapability], "is Portico's own and needs no line")
  }
  for (const [name, each] of Object.entries(packages)) {
    for (const [i, capability] of each.capabilities.entries()) {
      const path = ['packages', name, 'capabilities', i]
      if (capability === ownCapability)
        mistakes.add(path, `${capability} is in every package and needs no line`)
      else if (!Object.hasOwn(capabilities, capability))
        mistakes.add(path, `there is no capability ${capability}`)
    }
  }
  for (const [slug, partner] of Object.entries(partners)) {
    if (!Object.hasOwn(packages, partner.package)) {
      mistakes.add(['partners', slug, 'package'], `there is no package ${partner.package}`)
    }
    checkApplications(['partners', slug, 'applications'], partner.applications ?? [], mistakes)
  }
}

function checkApplications(
  path: Path,
  applications: readonly { readonly name: string }[],
  mistakes: Mistakes,
): void {
  const names = applications.map((application) => application.name)
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) < i) mistakes.add([...path, i, 'name'], `another application is called ${name}`)
  }
}

function sameAddress(a: string, b: string): boolean {
  return withoutSlash(new URL(a).href) === withoutSlash(new URL(b).href)
}

/** The form in which an upstream's address is kept. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
