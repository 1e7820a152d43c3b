/** A schema of a contract becomes a check that is safe to run on what a stranger sends. */
export { isBounded, tooLarge } from '#/contracts/validation/bounds.ts'
export { createChecks, type Check, type Checks } from '#/contracts/validation/check.ts'
export { Exhausted, type Effort } from '#/contracts/validation/patterns/effort.ts'
export { notAccepted, type Fault } from '#/contracts/validation/faults.ts'
export {
  checkedFormats,
  jsonTypes,
  keywords,
  kindOf,
  plainFormats,
  refusedKeywords,
  type Dialect,
} from '#/contracts/validation/keywords.ts'
export { compilePattern } from '#/contracts/validation/patterns/pattern.ts'
export {
  follow,
  isLost,
  isTree,
  member,
  own,
  reference,
  resolved,
  valueAt,
  target,
  type LostReference,
  type Place,
  type Tree,
} from '#/contracts/validation/pointers.ts'
export { statedClasses, staysInside } from '#/contracts/validation/withheld.ts'
