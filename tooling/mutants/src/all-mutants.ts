import { competeMutants } from './compete-mutants.ts'
import { documentMutants } from './document-mutants.ts'
import { logMutants } from './log-mutants.ts'
import type { Mutant } from './mutant.ts'
import { payloadMutants } from './payload-mutants.ts'
import { relayMutants } from './relay-mutants.ts'
import { storeMutants } from './store-mutants.ts'
import { streamMutants } from './stream-mutants.ts'

/** Every mutant there is; `docs/conformance.md` lists them. */
export const allMutants: readonly Mutant[] = [
  ...storeMutants,
  ...documentMutants,
  ...streamMutants,
  ...logMutants,
  ...relayMutants,
  ...competeMutants,
  ...payloadMutants,
]
