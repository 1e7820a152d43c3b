/** `discriminator` of OpenAPI: the name of a branch stands in the value (3.1.1 §4.8.25, 3.0.4 §4.7.25). */
import type { Schema } from '#/contracts/classification/reading/checks.ts'
import type { Choice, Part, Reading } from '#/contracts/classification/reading/part.ts'
import { isTree, member, own, reference } from '#/contracts/validation/validation.ts'

/** How it chooses among the branches; null where there is none, or where it cannot choose: then validity does. */
export function readDiscriminator(
  to: Reading,
  at: string,
  schema: Schema,
  keyword: 'oneOf' | 'anyOf',
  branches: readonly Part[],
): Choice | null {
  const stated = schema['discriminator']
  // With both keywords it speaks of oneOf, as it does everywhere else in Portico.
  if (!isTree(stated) || (keyword === 'anyOf' && 'oneOf' in schema)) return null
  const property = own(stated, 'propertyName')
  if (typeof property !== 'string') return null
  const refs = (schema[keyword] as readonly unknown[]).map(reference)
  const names = byImplicitName(refs)
  const mapping = own(stated, 'mapping')
  for (const [name, target] of Object.entries(isTree(mapping) ? mapping : {})) {
    const index = typeof target === 'string' ? branchOf(to, at, refs, branches, target) : -1
    names.set(name, index)
    if (index >= 0) continue
    const message = `the mapping of ${JSON.stringify(name)} is none of the branches; an answer with that name is off contract`
    to.notice(member(member(at, 'discriminator'), 'mapping'), 'discriminator_mapping', message)
  }
  const reached = new Set(names.values())
  if (refs.every((ref, index) => ref !== undefined || reached.has(index)))
    return { how: 'name', property, branches: names }
  const message = 'a branch has no name that the discriminator could say; the first valid branch is taken'
  to.notice(member(at, 'discriminator'), 'discriminator_unused', message)
  return null
}

/** The last segment of a branch's `$ref` is its name; inline branches have none. A name that two share is nobody's. */
function byImplicitName(refs: readonly (string | undefined)[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const [index, ref] of refs.entries()) {
    const name = ref?.slice(ref.lastIndexOf('/') + 1)
    if (name !== undefined) found.set(name, found.has(name) ? -1 : index)
  }
  return found
}

/** A mapping names a schema of the components or refers to one. */
function branchOf(
  to: Reading,
  at: string,
  refs: readonly (string | undefined)[],
  branches: readonly Part[],
  target: string,
): number {
  const ref = target.includes('#') ? target : `#/components/schemas/${target}`
  const index = refs.indexOf(ref)
  if (index >= 0 || !ref.startsWith('#')) return index
  const found = to.target(ref, member(at, 'discriminator'))
  // Behind its reference a branch is the same schema, however the pointer to it was written.
  return branches.findIndex((branch) => found !== null && (branch === found || branch.all[0] === found))
}
