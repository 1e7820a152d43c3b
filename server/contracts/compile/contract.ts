/** What every part of the compiler needs to know of the document it works on. */
import type { Projector, StatusRule } from '#/contracts/compile/operation.ts'
import type { Parameter } from '#/contracts/compile/requests/styles.ts'
import type { Report } from '#/contracts/compile/report.ts'
import type { Checks, Dialect, Place, Tree } from '#/contracts/validation/validation.ts'

export type Contract = {
  /** Parameters are shared by many operations; each is made ready once. */
  readonly parameter: (node: Tree, pointer: string) => Parameter | null
  /** Responses are shared too. */
  readonly response: (node: Tree, pointer: string) => StatusRule
  /** The projector of the schema at a place; tells what it found unclassified or cannot serve. */
  readonly project: (place: Place) => Projector
  readonly document: Tree
  readonly dialect: Dialect
  readonly report: Report
  readonly checks: Checks
  readonly defaultClass: 'public' | null
  /** Where response properties without a class stand; filled as answers are compiled. */
  readonly unclassified: Set<string>
  /** Counted as answers are compiled. */
  readonly fields: { released: number; withheld: number }
}
