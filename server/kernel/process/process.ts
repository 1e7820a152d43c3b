/** The door to what a process needs of the system around it: one owner per folder, and helper processes. */
export { processMark, takeLock } from '#/kernel/process/lock.ts'
export type { Lock } from '#/kernel/process/lock.ts'
export { startChild } from '#/kernel/process/child.ts'
export type { Child } from '#/kernel/process/child.ts'
