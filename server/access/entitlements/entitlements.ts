/**
 * Who may call what: the facts of access, and the one decision that is made of them. `publish/` keeps the facts in
 * memory and has the tables made that the gateway looks decisions up in.
 */
export { catalogueOf, readCatalogue, visibleAt } from '#/access/entitlements/catalogue.ts'
export type { CapabilityFacts, Catalogue } from '#/access/entitlements/catalogue.ts'
export { decide, noDecision } from '#/access/entitlements/decide.ts'
export type { AccessDecision, TrailLink } from '#/access/entitlements/decide.ts'
export { factsAt } from '#/access/entitlements/facts.ts'
export type { Asked, Fact, Facts, PartnerFacts, PilotPosture } from '#/access/entitlements/facts.ts'
export { reasons } from '#/access/entitlements/reasons.ts'
export { createTables } from '#/access/entitlements/tables.ts'
export type { DecisionTable, Tables } from '#/access/entitlements/tables.ts'
export { factsIn, readPartnerFacts, readWrittenFacts } from '#/access/entitlements/written.ts'
export type { WrittenFacts } from '#/access/entitlements/written.ts'
