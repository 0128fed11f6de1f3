import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { ignoredFolder } from '../repository-root.ts'
import { Progress } from './progress.ts'
import { signalCommands } from './run-command.ts'
import { runSteps } from './run-steps.ts'
import { sum, type Step } from './step.ts'
import { problemOf } from './steps.ts'
import { parseTestOptions, type TestOptions } from './test-options.ts'

const logs = join(ignoredFolder, 'logs')

/** A root command that runs tests. */
export interface TestCommand {
  readonly usage: string
  /** What `--steps` may name. */
  readonly stepNames: readonly string[]
  readonly stepsOf: (options: TestOptions) => readonly Step[]
}

/**
 * Runs the steps that the words of the command line ask for, one line each, and ends with the counts of all.
 * The exit code is 0 only when something passed and nothing failed.
 */
export async function runTestCommand({ usage, stepNames, stepsOf }: TestCommand): Promise<void> {
  stopCommandsOnSignals()
  const options = readOptions(usage, stepNames)
  if (options === undefined) process.exitCode = 2
  else if (options.help) process.stdout.write(usage)
  else process.exitCode = await runAll(stepsOf(options))
}

function readOptions(usage: string, stepNames: readonly string[]): TestOptions | undefined {
  try {
    return parseTestOptions(process.argv.slice(2), stepNames)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}`)
    return undefined
  }
}

async function runAll(steps: readonly Step[]): Promise<number> {
  mkdirSync(logs, { recursive: true })
  for (const name of readdirSync(logs)) rmSync(join(logs, name))
  const progress = new Progress(process.stdout)
  const logPathOf = (name: string): string => join(logs, `${name}.log`)
  const reports = await runSteps(steps, {
    width: 2,
    contextOf: ({ name }) => ({ logPath: logPathOf(name) }),
    onStart: ({ name }) => progress.started(name),
    onEnd: ({ step: { name }, outcome, seconds }) => {
      const problem = outcome.failed > 0 ? problemOf(outcome, logPathOf(name)) : undefined
      progress.ended(name, outcome, seconds, problem)
    },
  })
  progress.close()
  const { passed, failed, skipped } = sum(reports.map(({ outcome }) => outcome))
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  return failed > 0 || passed === 0 ? 1 : 0
}

/** A run that is called off takes its programs with it, and says so by its exit code as a shell would. */
function stopCommandsOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      signalCommands(signal)
      process.exit(128 + constants.signals[signal])
    })
  }
}
