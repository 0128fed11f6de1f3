import { consumerMutants } from './consumer-mutants.ts'
import { consumerPolicyMutants } from './consumer-policy-mutants.ts'
import type { Mutant } from './mutant.ts'
import { publishMutants } from './publish-mutants.ts'

/** Mutants of publishing and consuming. */
export const streamMutants: readonly Mutant[] = [
  ...consumerMutants,
  ...consumerPolicyMutants,
  ...publishMutants,
]
