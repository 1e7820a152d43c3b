/** `application/x-www-form-urlencoded` content: fields of text become the object that the schema describes. */
import type { Contract } from '#/contracts/compile/contract.ts'
import type { Violation } from '#/contracts/compile/operation.ts'
import { readSchema } from '#/contracts/compile/requests/parameter.ts'
import {
  decodeNothing,
  readItems,
  readPairs,
  readPiece,
  type Reading,
  type Style,
} from '#/contracts/compile/requests/styles.ts'
import { propertiesOf } from '#/contracts/compile/requests/types-of.ts'
import { isTree, member, own, type Tree } from '#/contracts/validation/validation.ts'

/** Decoded fields by name; a name that was sent more than once has a list. */
type Fields = Readonly<Record<string, string | readonly string[]>>

type Field = { readonly name: string; readonly reading: Reading; readonly json: boolean }

const styles: ReadonlySet<unknown> = new Set(['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'])

/** A check of decoded fields (`Record<string, string | string[]>`) against the schema of the form. */
export function formReader(
  mediaType: Tree,
  schema: unknown,
  contract: Contract,
): ((value: unknown) => readonly Violation[]) | null {
  const check = contract.checks.check(schema)
  if (check === null) return null
  const encoding = own(mediaType, 'encoding')
  const fields = [...propertiesOf(contract.document, schema)].map(([name, property]) =>
    fieldOf(name, property, isTree(encoding) ? own(encoding, name) : undefined, contract),
  )
  return (value) => {
    const read = readFields(fields, isTree(value) ? (value as Fields) : {})
    if (!('form' in read)) return [read]
    return check(read.form).map(({ code, detail, pointer }) => ({ in: 'body', code, detail, pointer }))
  }
}

/** An object without a style is JSON, a list without one is sent field by field (OpenAPI 3.1.1, encoding object). */
function fieldOf(name: string, schema: unknown, encoding: unknown, contract: Contract): Field {
  const given = isTree(encoding) ? encoding : {}
  const style = styles.has(own(given, 'style')) ? (own(given, 'style') as Style) : 'form'
  const styled = ['style', 'explode', 'allowReserved'].some((word) => Object.hasOwn(given, word))
  const explode = own(given, 'explode')
  const { reading } = readSchema(
    schema,
    style,
    typeof explode === 'boolean' ? explode : style === 'form',
    contract,
  )
  const contentType = own(given, 'contentType')
  const json = !styled && (reading.shape === 'object' || contentType === 'application/json')
  return { name, reading, json }
}

function readFields(fields: readonly Field[], sent: Fields): { form: Record<string, unknown> } | Violation {
  const form = new Map<string, unknown>()
  const left = new Set(Object.keys(sent))
  for (const field of fields) {
    const value = readField(field, sent, left)
    if (value === null) {
      return {
        in: 'body',
        code: 'malformed',
        detail: 'is not written as the contract asks',
        pointer: member('#', field.name),
      }
    }
    if (value.value !== undefined) form.set(field.name, value.value)
  }
  for (const name of left) form.set(name, sent[name])
  return { form: Object.fromEntries(form) }
}

/** Null: cannot be read. A field that was not sent has the value undefined. */
function readField(field: Field, sent: Fields, left: Set<string>): { value: unknown } | null {
  const { name, reading, json } = field
  if (!json && reading.shape === 'object' && (reading.style === 'deepObject' || reading.explode))
    return readMembers(field, sent, left)
  const given = Object.hasOwn(sent, name) ? sent[name] : undefined
  left.delete(name)
  if (given === undefined) return { value: undefined }
  const texts = typeof given === 'string' ? [given] : given
  if (!json && reading.shape === 'list' && reading.explode)
    return defined(readItems(texts, reading, decodeNothing))
  const [text = '', ...more] = texts
  if (more.length > 0) return null
  return json ? readJson(text) : defined(readPiece(text, reading, decodeNothing))
}

const defined = (value: unknown): { value: unknown } | null => (value === undefined ? null : { value })

function readJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

function readMembers({ name, reading }: Field, sent: Fields, left: Set<string>): { value: unknown } | null {
  const pairs: [string, string][] = []
  for (const key of left) {
    const isMember = key.startsWith(`${name}[`) && key.endsWith(']')
    const property = reading.style === 'deepObject' ? (isMember ? key.slice(name.length + 1, -1) : '') : ''
    if (property === '') continue
    left.delete(key)
    for (const text of [sent[key] ?? []].flat()) pairs.push([property, text])
  }
  return pairs.length === 0
    ? { value: undefined }
    : defined(readPairs(pairs, reading, decodeNothing, decodeNothing))
}
