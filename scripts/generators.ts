/** Everything in the repository that a program writes: which file, and what makes its text. */

import type { Generator } from './drift.ts'

export const generators: readonly Generator[] = []
