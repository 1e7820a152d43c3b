/** One parameter of a contract, made ready to be read and checked. */
import type { Contract } from '#/contracts/compile/contract.ts'
import type { Violation } from '#/contracts/compile/operation.ts'
import { essenceOf, isJson } from '#/contracts/compile/media-types.ts'
import type {
  Location,
  Parameter,
  PropertyReading,
  Reading,
  Style,
} from '#/contracts/compile/requests/styles.ts'
import { inner, propertiesOf, typesOf, type JsonType } from '#/contracts/compile/requests/types-of.ts'
import { staysInside, isTree, member, own, type Fault, type Tree } from '#/contracts/validation/validation.ts'

const styles: Readonly<Record<Location, readonly string[]>> = {
  path: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
}

/** Null when the parameter was refused or is none of ours to read. */
export function readParameter(node: Tree, pointer: string, contract: Contract): Parameter | null {
  const { report } = contract
  const name = own(node, 'name')
  const location = own(node, 'in')
  if (typeof name !== 'string' || name === '' || !isLocation(location)) {
    report.refuse(
      pointer,
      'malformed',
      'a parameter must have a name and stand in path, query, header or cookie',
    )
    return null
  }
  const content = readContent(node, pointer, contract)
  if (content === null) return null
  const style = own(node, 'style') ?? styles[location][0]
  if (typeof style !== 'string' || !styles[location].includes(style)) {
    const message = `in the ${location} the style can be ${styles[location].join(', ')}, not ${JSON.stringify(style)}`
    report.refuse(member(pointer, 'style'), 'unsupported_style', message)
    return null
  }
  const explode = own(node, 'explode')
  const exploded = typeof explode === 'boolean' ? explode : style === 'form'
  return {
    in: location,
    name,
    required: own(node, 'required') === true || location === 'path',
    mayBeEmpty: own(node, 'allowEmptyValue') === true && location === 'query',
    inside: staysInside(contract.document, node, content.schema),
    json: content.json,
    ...readSchema(content.schema, style as Style, exploded && location !== 'cookie', contract),
  }
}

const isLocation = (value: unknown): value is Location =>
  typeof value === 'string' && Object.hasOwn(styles, value)

function readContent(
  node: Tree,
  pointer: string,
  { report }: Contract,
): { schema: unknown; json: boolean } | null {
  const content = own(node, 'content')
  if (content === undefined) return { schema: own(node, 'schema') ?? {}, json: false }
  const [entry, ...others] = isTree(content) ? Object.entries(content) : []
  if (entry === undefined || others.length > 0 || !isTree(entry[1])) {
    report.refuse(
      member(pointer, 'content'),
      'malformed',
      'the content of a parameter must have exactly one media type',
    )
    return null
  }
  return { schema: own(entry[1], 'schema') ?? {}, json: isJson(essenceOf(entry[0]) ?? '') }
}

/** How text becomes a value of this schema, and the check of that value. */
export function readSchema(
  schema: unknown,
  style: Style,
  explode: boolean,
  { document, checks }: Contract,
): Pick<Parameter, 'reading' | 'otherReadings' | 'properties' | 'open' | 'check'> {
  const types = typesOf(document, schema)
  const shape = types?.has('array') ? 'list' : types?.has('object') ? 'object' : 'value'
  const properties = shape === 'object' ? propertiesOf(document, schema) : new Map<string, unknown>()
  const additional = shape === 'object' ? inner(document, schema, 'additionalProperties') : undefined
  const known = new Map<string, PropertyReading>()
  for (const [name, property] of properties) known.set(name, propertyReading(document, property))
  const unknown = propertyReading(document, additional)
  const reading: Reading = {
    style,
    explode,
    shape,
    types,
    itemTypes: shape === 'list' ? typesOf(document, inner(document, schema, 'items')) : null,
    property: (name) => known.get(name) ?? unknown,
  }
  return {
    reading,
    otherReadings: otherReadings(reading),
    properties: new Set(properties.keys()),
    open: additional !== undefined && additional !== false,
    check: checks.check(schema),
  }
}

function propertyReading(document: Tree, schema: unknown): PropertyReading {
  const types = typesOf(document, schema)
  const isList = types?.has('array') === true
  return { isList, types: isList ? typesOf(document, inner(document, schema, 'items')) : types }
}

const textOnly: ReadonlySet<JsonType> = new Set(['string'])
const isSimple = (type: JsonType): boolean => type !== 'array' && type !== 'object'

function otherReadings(reading: Reading): readonly Reading[] {
  const { shape, types, itemTypes } = reading
  const others: Reading[] = []
  if (shape !== 'value' && types !== null && [...types].some(isSimple))
    others.push({ ...reading, shape: 'value' })
  if (types?.has('string') === true && types.size > 1)
    others.push({ ...reading, shape: 'value', types: textOnly })
  if (itemTypes?.has('string') === true && itemTypes.size > 1)
    others.push({ ...reading, itemTypes: textOnly })
  return others
}

/** Reads and checks; the faults are those of the first reading when no other fits either. */
export function judge(parameter: Parameter, read: (reading: Reading) => unknown): readonly Violation[] {
  const { check, reading, otherReadings: others } = parameter
  const value = read(reading)
  if (value === undefined) return [violationOf(parameter, 'malformed', malformedDetail(parameter))]
  const faults = check === null ? [] : check(value)
  if (faults.length === 0) return []
  for (const other of others) {
    const meant = read(other)
    if (meant !== undefined && check?.(meant).length === 0) return []
  }
  return faults.map((fault) => violationOfFault(parameter, fault))
}

function malformedDetail({ json, reading }: Parameter): string {
  if (json) return 'is not JSON'
  return reading.shape === 'value'
    ? 'holds a broken percent-encoding'
    : `is not written in the style ${reading.style}`
}

export function violationOf(
  parameter: Pick<Parameter, 'in' | 'name'>,
  code: string,
  detail: string,
): Violation {
  return { in: parameter.in, name: parameter.name, code, detail }
}

function violationOfFault(parameter: Parameter, { code, detail, pointer }: Fault): Violation {
  const violation = violationOf(parameter, code, detail)
  return pointer === '#' ? violation : { ...violation, pointer }
}
