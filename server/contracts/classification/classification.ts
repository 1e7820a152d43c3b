/** Which fields of an answer a partner may see: the classes of a contract, compiled into projectors. */
export { classes, isClass, type Class } from './classes.ts'
export { OffContract, type Projector } from './off-contract.ts'
