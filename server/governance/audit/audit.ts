/**
 * The door of the audit: who did what, for ever. Transactions collect lines (`tx.audit`), the sink writes them with
 * the commit, the sealing chains them a moment later, and `verifyAudit` finds whatever was changed since.
 */
export { createAnchor } from '#/governance/audit/anchor.ts'
export type { Anchor } from '#/governance/audit/anchor.ts'
export { sealAudit } from '#/governance/audit/chain.ts'
export type { Sealed } from '#/governance/audit/chain.ts'
export type { Digester, Head } from '#/governance/audit/line.ts'
export { exportAudit, lastAudit, listAudit, listPartnerAudit } from '#/governance/audit/list.ts'
export type { AuditEntry, PartnerAuditEntry } from '#/governance/audit/list.ts'
export { showAuditId } from '#/governance/audit/shown.ts'
export { createSealing } from '#/governance/audit/sealing.ts'
export type { Sealing, SealingOptions } from '#/governance/audit/sealing.ts'
export { createAuditSink } from '#/governance/audit/sink.ts'
export type { Filter as AuditFilter } from '#/governance/audit/store.ts'
export { refuseOtherKey, verifyAudit } from '#/governance/audit/verify.ts'
export type { Finding, Verified } from '#/governance/audit/verify.ts'
