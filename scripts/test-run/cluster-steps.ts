import type { Step } from './step.ts'
import type { TestOptions } from './test-options.ts'
import { vitestStep } from './vitest-step.ts'

/** What `npm run test:clusters` runs: one file at a time, as a small machine bears one cluster. */
export function clusterSteps(options: TestOptions): readonly Step[] {
  if (options.files.length > 0) return [vitestStep('clusters', ['clusters'], options, oneAtATime)]
  const files = ['.clusters.', 'cluster.integration.test.ts']
  return [vitestStep('clusters', ['clusters', 'integration'], { ...options, files }, oneAtATime)]
}

const oneAtATime = ['--maxWorkers=1']
