import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { ignoredFolder } from './repository-root.ts'
import { Progress } from './test-run/progress.ts'
import { signalCommands } from './test-run/run-command.ts'
import { runSteps } from './test-run/run-steps.ts'
import { sum } from './test-run/step.ts'
import { allSteps, chosenSteps, problemOf } from './test-run/steps.ts'
import { parseTestOptions, testUsage, type TestOptions } from './test-run/test-options.ts'

const logs = join(ignoredFolder, 'logs')

function readOptions(): TestOptions | undefined {
  const defaults = parseTestOptions([], [])
  try {
    return parseTestOptions(
      process.argv.slice(2),
      allSteps(defaults).map(({ name }) => name),
    )
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    process.stderr.write(`${error.message}\n\n${testUsage}`)
    return undefined
  }
}

async function runTests(options: TestOptions): Promise<number> {
  mkdirSync(logs, { recursive: true })
  for (const name of readdirSync(logs)) rmSync(join(logs, name))
  const progress = new Progress(process.stdout)
  const logPathOf = (name: string): string => join(logs, `${name}.log`)
  const reports = await runSteps(chosenSteps(options), {
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
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    signalCommands(signal)
    process.exit(128 + constants.signals[signal])
  })
}

const options = readOptions()
if (options === undefined) {
  process.exitCode = 2
} else if (options.help) {
  process.stdout.write(testUsage)
} else {
  process.exitCode = await runTests(options)
}
