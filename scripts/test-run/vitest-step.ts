import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ignoredFolder } from '../repository-root.ts'
import { localProgram, runCommand } from './run-command.ts'
import type { Step } from './step.ts'
import type { TestOptions } from './test-options.ts'
import { countVitest, type VitestReport } from './vitest-report.ts'

/** A step of vitest: these projects, or all. */
export function vitestStep(
  name: string,
  projects: readonly string[],
  options: TestOptions,
  flags: readonly string[] = [],
): Step {
  return {
    name,
    async run({ logPath }) {
      const reportPath = join(ignoredFolder, 'logs', `${name}.json`)
      rmSync(reportPath, { force: true })
      const pattern = options.testNamePattern === undefined ? [] : ['-t', options.testNamePattern]
      const words = [
        'run',
        ...projects.map((project) => `--project=${project}`),
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${reportPath}`,
        ...flags,
        ...pattern,
        ...options.files,
      ]
      const { exitCode } = await runCommand(
        { ...localProgram('vitest', ...words), environment: testEnvironment(options) },
        logPath,
      )
      // Written by vitest.
      const text = existsSync(reportPath) ? readFileSync(reportPath, 'utf8') : undefined
      const report = text === undefined ? undefined : (JSON.parse(text) as VitestReport)
      return { ...countVitest(report, exitCode), note: `seed ${options.seed}` }
    },
  }
}

function testEnvironment({ only, quick, seed }: TestOptions): Record<string, string> {
  return {
    EVENTSPINE_TEST_SEED: String(seed),
    ...(only === undefined ? {} : { EVENTSPINE_TEST_BACKENDS: only.join(',') }),
    ...(quick ? { EVENTSPINE_TEST_QUICK: '1' } : {}),
  }
}
