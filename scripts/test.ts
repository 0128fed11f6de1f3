import { chosenSteps, allSteps } from './test-run/steps.ts'
import { parseTestOptions, testUsage } from './test-run/test-options.ts'
import { runTestCommand } from './test-run/run-test-command.ts'

await runTestCommand({
  usage: testUsage,
  stepNames: allSteps(parseTestOptions([], [])).map(({ name }) => name),
  stepsOf: chosenSteps,
})
