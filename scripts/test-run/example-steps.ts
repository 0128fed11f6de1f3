import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ignoredFolder, repositoryRoot } from '../repository-root.ts'
import { runCommand } from './run-command.ts'
import { oneFailed, onePassed, type Step, type StepOutcome } from './step.ts'
import type { TestOptions } from './test-options.ts'

interface Example {
  readonly step: string
  /** Under `examples/`; its `src/main.ts` is what the root command of the same name runs. */
  readonly folder: string
  readonly words: readonly string[]
  /** What a run must print. */
  readonly prints: RegExp
}

const examples: readonly Example[] = [
  { step: 'demo', folder: 'bank-account', words: [], prints: /\S/ },
  {
    step: 'git-history',
    folder: 'git-history',
    words: [repositoryRoot],
    prints: /^verified: \d+ files at [0-9a-f]+ /m,
  },
]

/** The examples, run on the built packages as their users run them. */
export function exampleSteps(options: TestOptions): readonly Step[] {
  return [...storeExampleSteps(options), ...orderFlowSteps(options)]
}

/** It starts its own servers, unlike tests, which share one: they come and go with it, as for its users. */
function orderFlowSteps({ only }: TestOptions): readonly Step[] {
  const folder = 'order-flow'
  if (!['postgres', 'kafka'].every((server) => only?.includes(server) ?? true)) return []
  const words = ['--orders', '60', '--kills', '3']
  const prints = /^consistent: 60 orders, 3 processes killed, /m
  // A URL that is empty counts as none: the developer's own must not be written to.
  const environment = { EVENTSPINE_STORE: '', EVENTSPINE_STREAM: '' }
  return [
    {
      name: folder,
      after: ['build'],
      async run({ logPath }) {
        const problem = await runExample({ step: folder, folder, words, prints }, environment, logPath)
        return problem === undefined ? onePassed : { ...oneFailed, problem }
      },
    },
  ]
}

/** Twice on each store, so that data are there. */
function storeExampleSteps({ only = ['memory', 'pglite'] }: TestOptions): readonly Step[] {
  const backends = (['memory', 'pglite'] as const).filter((backend) => only.includes(backend))
  const present = examples.filter(({ folder }) => existsSync(join(repositoryRoot, 'examples', folder)))
  if (backends.length === 0) return []
  return present.map((example) => ({
    name: example.step,
    after: ['build'],
    async run({ logPath }) {
      const data = join(ignoredFolder, `test-${example.step}`)
      const urls = { memory: 'memory:', pglite: `pglite:${data}` }
      rmSync(data, { recursive: true, force: true })
      try {
        return await runTwice(
          example,
          backends.map((backend) => urls[backend]),
          logPath,
        )
      } finally {
        rmSync(data, { recursive: true, force: true })
      }
    },
  }))
}

async function runTwice(example: Example, stores: readonly string[], logPath: string): Promise<StepOutcome> {
  const problems: string[] = []
  for (const url of stores) {
    for (const round of ['first', 'second']) {
      const problem = await runExample(example, { EVENTSPINE_STORE: url }, logPath)
      if (problem !== undefined) problems.push(`the ${round} run on ${url} ${problem}`)
    }
  }
  const passed = stores.length * 2 - problems.length
  const outcome = { passed, failed: problems.length, skipped: 0 }
  return problems.length === 0 ? outcome : { ...outcome, problem: problems.join('\n') }
}

/** @returns what was wrong with the run. */
async function runExample(
  { folder, words, prints }: Example,
  environment: Readonly<Record<string, string>>,
  logPath: string,
): Promise<string | undefined> {
  const main = join(repositoryRoot, 'examples', folder, 'src', 'main.ts')
  const command = { program: process.execPath, words: ['--import', 'tsx', main, ...words], environment }
  const { exitCode, output } = await runCommand(command, logPath)
  if (exitCode === 0 && prints.test(output)) return undefined
  const how = exitCode === 0 ? `did not print ${prints.source}` : `ended with ${exitCode ?? 'a signal'}`
  return `${how}:\n${output.trim().split('\n').slice(-15).join('\n')}`
}
