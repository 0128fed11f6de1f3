export { documentMutants } from './document-mutants.ts'
export type { Breakage, Mutant } from './mutant.ts'
export { openMutant } from './open-mutant.ts'
export { storeMutants } from './store-mutants.ts'
