/** Brings an OpenAPI document into memory, and tells its author what is understood of it. */
export { checkContract, type CheckedContract, type CheckOptions } from '#/contracts/documents/check.ts'
export { loadDocument, parseDocument, type Loaded } from '#/contracts/documents/load.ts'
