/** Collects what is to be said about a document: what refuses it, and what its author should know. */
import type { Notice, Refusal } from '#/contracts/compile/operation.ts'
import type { LostReference } from '#/contracts/validation/validation.ts'

export type Report = {
  readonly refusals: readonly Refusal[]
  readonly notices: readonly Notice[]
  refuse(pointer: string, code: string, message: string): void
  note(pointer: string, code: string, message: string): void
}

/** One kind of remark can stand at thousands of places of one document; after this many its rest is a number. */
const maxNoticesPerCode = 100

/** A document with this many faults is not the document its author thinks it is. */
const maxRefusals = 1_000

type Mutable = { -readonly [K in keyof Notice]: Notice[K] }

/** A file and a pointer in it; a bundled document was several files once. */
export type Locate = (pointer: string) => { readonly file: string; readonly pointer: string }

export function createReport(locate: Locate): Report {
  const refusals: Refusal[] = []
  const notices: Notice[] = []
  const seen = new Set<string>()
  const counts = new Map<string, { count: number; summary: Mutable | null }>()
  const isNew = (pointer: string, code: string): boolean => {
    const key = `${code} ${pointer}`
    return !seen.has(key) && seen.add(key) !== undefined
  }
  return {
    refusals,
    notices,
    refuse(pointer, code, message) {
      if (refusals.length < maxRefusals && isNew(pointer, code))
        refusals.push({ ...locate(pointer), code, message })
    },
    note(pointer, code, message) {
      if (!isNew(pointer, code)) return
      const kind = counts.get(code) ?? { count: 0, summary: null }
      counts.set(code, kind)
      kind.count++
      if (kind.count <= maxNoticesPerCode) notices.push({ ...locate(pointer), code, message })
      else {
        if (kind.summary === null) notices.push((kind.summary = { ...locate(pointer), code, message: '' }))
        kind.summary.message = `and ${kind.count - maxNoticesPerCode} more of this kind`
      }
    },
  }
}

export function refuseLost(report: Report, pointer: string, lost: LostReference): void {
  const sentences = {
    external_ref: `$ref ${lost.ref} leads out of the document`,
    unresolved_ref: `$ref ${lost.ref} leads nowhere`,
    ref_cycle: `$ref ${lost.ref} leads back to itself and never reaches anything`,
  }
  report.refuse(pointer, lost.code, sentences[lost.code])
}
