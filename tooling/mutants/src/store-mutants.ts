import { appendMutants } from './append-mutants.ts'
import { feedMutants } from './feed-mutants.ts'
import type { Mutant } from './mutant.ts'
import { readMutants } from './read-mutants.ts'
import { removalMutants } from './removal-mutants.ts'
import { wrapperMutants } from './wrapper-mutants.ts'

/** Mutants that break laws of the `EventStore` port. */
export const storeMutants: readonly Mutant[] = [
  ...appendMutants,
  ...wrapperMutants,
  ...readMutants,
  ...removalMutants,
  ...feedMutants,
]
