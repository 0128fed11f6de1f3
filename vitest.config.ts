import { defineConfig } from 'vitest/config'
import { serversNotAskedFor } from './tooling/servers/src/test-backends.ts'

/*
 * Four projects:
 *
 * - `unit`: `*.test.ts`, no server, no state outside the process.
 * - `integration`: `*.integration.test.ts`, real backends. Which ones is said by
 *   EVENTSPINE_TEST_BACKENDS, such as `memory,pglite`; unset means all. A test asks `testBackends()` of
 *   @eventspine/servers for the list and opens exactly those; one that cannot be opened fails the run, it is never
 *   skipped. A file for certain servers alone carries their names, `<topic>.postgres.integration.test.ts` or
 *   `<topic>.postgres.redis.integration.test.ts`, and is left out when one of them was not asked for. The URL of each
 *   server is in EVENTSPINE_TEST_POSTGRES, EVENTSPINE_TEST_REDIS and so on: given from outside, or set here after
 *   starting one for the run. Only servers that a file of the run is on are started.
 *   EVENTSPINE_TEST_QUICK is set when one round of anything repeated is enough; `*.thorough.test.ts` is left out then.
 * - `clusters`: `*.clusters.test.ts`, long tests on clusters that they start themselves, to kill their nodes; run by
 *   `npm run test:clusters` alone. Their short part, `*.clusters.integration.test.ts`, is in `integration` too.
 * - `types`: `*.test-d.ts`, checked by the compiler and never run.
 *
 * Packages are loaded from source by their `@eventspine/source` condition, so no build is needed. Files and tests run
 * in random order; EVENTSPINE_TEST_SEED repeats one that a run has printed.
 */

const folders = ['packages', 'examples', 'tooling', 'benchmarks', 'scripts']
const filesOf = (ending: string): string[] => folders.map((folder) => `${folder}/**/*.${ending}`)
const ignored = ['**/node_modules/**', '**/dist/**', '**/.eventspine/**']
const seed = Number(process.env['EVENTSPINE_TEST_SEED'] ?? Date.now() % 1_000_000_000)
const tooThorough = (process.env['EVENTSPINE_TEST_QUICK'] ?? '') === '' ? [] : ['**/*.thorough.test.ts']
// Also files of several servers, and of clusters.
const notAskedFor = serversNotAskedFor().map((server) => `**/*.${server}.*test.ts`)

const shared = {
  resolve: { conditions: ['@eventspine/source'] },
  ssr: { resolve: { conditions: ['@eventspine/source'], externalConditions: ['@eventspine/source'] } },
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: true, seed },
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: filesOf('test.ts'),
          exclude: [...ignored, '**/*.integration.test.ts', '**/*.clusters.test.ts', ...tooThorough],
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: filesOf('integration.test.ts'),
          exclude: [...ignored, ...notAskedFor],
          globalSetup: ['tooling/servers/src/vitest-servers.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'clusters',
          include: filesOf('clusters.test.ts'),
          exclude: [...ignored, ...notAskedFor],
          globalSetup: ['tooling/servers/src/vitest-servers.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: filesOf('test-d.ts'),
            exclude: ignored,
            tsconfig: './tsconfig.test-d.json',
          },
        },
      },
    ],
  },
})
