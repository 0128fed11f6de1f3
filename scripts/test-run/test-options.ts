import { parseArgs } from 'node:util'
import { parseTestBackends } from '../../tooling/servers/src/test-backends.ts'

/** What a person may ask of `npm test`. */
export interface TestOptions {
  readonly help: boolean
  /** Memory alone: no servers, no thorough tests, no packed-install check. */
  readonly quick: boolean
  /** Backends that integration tests run on; `undefined` means all. */
  readonly only: readonly string[] | undefined
  readonly installCheck: boolean
  /** Names of steps; `undefined` means all. */
  readonly steps: readonly string[] | undefined
  /** For vitest alone: only tests whose names match, only files whose paths hold one of these. */
  readonly testNamePattern: string | undefined
  readonly files: readonly string[]
  readonly seed: number
}

export const testUsage = `npm test -- [options] [file…]

  --quick                memory alone, without the thorough tests and the packed-install check; two minutes
  --only NAME,NAME       the backends that integration tests run on: memory, pglite, postgres, redis,
                         redis-cluster, kafka, kafka-cluster, dynamodb, couchbase
  --no-install-check     leave out the packages installed on every supported Node
  --steps NAME,NAME      these steps alone, and those they need
  -t, --test-name-pattern TEXT   only vitest, only tests whose names match
  file…                  only vitest, only files whose paths hold this
  --seed NUMBER          the random order of an earlier run
`

/** @throws TypeError for an unknown option, RangeError for a bad value. */
export function parseTestOptions(words: readonly string[], knownSteps: readonly string[]): TestOptions {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      'no-install-check': { type: 'boolean', default: false },
      steps: { type: 'string' },
      'test-name-pattern': { type: 'string', short: 't' },
      seed: { type: 'string' },
    },
  })
  const steps = values.steps?.split(',')
  const unknown = steps?.find((step) => !knownSteps.includes(step))
  if (unknown !== undefined) {
    throw new RangeError(`no step is called "${unknown}"; known: ${knownSteps.join(', ')}`)
  }
  return {
    help: values.help,
    quick: values.quick,
    only: values.only === undefined ? quickBackends(values.quick) : parseTestBackends(values.only),
    installCheck: !values['no-install-check'] && !values.quick,
    steps,
    testNamePattern: values['test-name-pattern'],
    files: positionals,
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : parseSeed(values.seed),
  }
}

function quickBackends(quick: boolean): TestOptions['only'] {
  return quick ? ['memory'] : undefined
}

function parseSeed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`--seed takes a whole number, not "${text}"`)
  return Number(text)
}
