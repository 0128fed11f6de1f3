import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackedInstall } from '../packed/check-packed-install.ts'
import { archiveFolder, packAll } from '../packed/pack.ts'
import { archiveName, publicPackages } from '../packed/public-packages.ts'
import { ignoredFolder, pinnedPnpm } from '../repository-root.ts'
import { exampleSteps } from './example-steps.ts'
import { localProgram, runCommand, tailOf, type Command } from './run-command.ts'
import { oneFailed, onePassed, type Step, type StepOutcome } from './step.ts'
import type { TestOptions } from './test-options.ts'
import { vitestStep } from './vitest-step.ts'

/** All steps of a whole run, in order. */
export function allSteps(options: TestOptions): readonly Step[] {
  return [
    commandStep('build', turbo('build')),
    commandStep('typecheck', turbo('typecheck'), localProgram('tsc', '-p', 'scripts')),
    commandStep('lint', localProgram('oxlint', '--type-aware', '--deny-warnings')),
    commandStep('format', localProgram('oxfmt', '--check')),
    commandStep('sherif', localProgram('sherif')),
    commandStep('layout', localProgram('tsx', 'scripts/check-layout.ts')),
    commandStep('knip', localProgram('knip', '--no-config-hints')),
    vitestStep('types', ['types'], options),
    vitestStep('unit', ['unit'], options),
    { ...vitestStep('integration', ['integration'], options), alone: true },
    { name: 'pack', after: ['build'], run: ({ logPath }) => packAll(logPath).then(() => onePassed) },
    { name: 'published', after: ['pack'], run: ({ logPath }) => checkArchives(logPath) },
    { name: 'packed-install', after: ['pack'], run: () => packedInstall() },
    ...exampleSteps(options),
  ]
}

/** The steps that the options ask for. */
export function chosenSteps(options: TestOptions): readonly Step[] {
  if (options.testNamePattern !== undefined || options.files.length > 0) {
    return [vitestStep('vitest', [], options)]
  }
  const { only, steps, installCheck } = options
  const all = allSteps(options)
  if (steps !== undefined) {
    const wanted = withPrerequisites(steps, all)
    return all.filter(({ name }) => wanted.has(name))
  }
  return all.filter(({ name }) => {
    if (name === 'packed-install') return installCheck
    // Memory is tested by unit tests: it has no other process, disk or server to be integrated with.
    return name !== 'integration' || only === undefined || only.some((backend) => backend !== 'memory')
  })
}

function withPrerequisites(names: readonly string[], all: readonly Step[]): ReadonlySet<string> {
  const before = names.flatMap((name) => all.find((step) => step.name === name)?.after ?? [])
  return new Set([...names, ...(before.length === 0 ? [] : withPrerequisites(before, all))])
}

/** A step of one program, or of several one after the other: one check, passed when all end well. */
function commandStep(name: string, ...commands: readonly Command[]): Step {
  return {
    name,
    async run({ logPath }) {
      for (const command of commands) {
        const { exitCode } = await runCommand(command, logPath)
        if (exitCode !== 0) return oneFailed
      }
      return onePassed
    },
  }
}

/** turbo calls pnpm by its name; npx puts the pinned one on its PATH. */
function turbo(task: string): Command {
  return { program: 'npx', words: ['--yes', '-p', pinnedPnpm(), '-c', `turbo run ${task}`] }
}

async function checkArchives(logPath: string): Promise<StepOutcome> {
  let passed = 0
  let failed = 0
  for (const one of publicPackages()) {
    const archive = join(archiveFolder, archiveName(one))
    for (const command of [
      localProgram('publint', 'run', archive, '--strict'),
      localProgram('attw', archive, '--profile', 'esm-only', '--no-color', '--no-emoji'),
    ]) {
      const { exitCode } = await runCommand(command, logPath)
      if (exitCode === 0) passed += 1
      else failed += 1
    }
  }
  return { passed, failed, skipped: 0 }
}

async function packedInstall(): Promise<StepOutcome> {
  const logPathOf = (node: string): string => join(ignoredFolder, 'logs', `packed-install-${node}.log`)
  const findings = await checkPackedInstall(logPathOf)
  const bad = findings.filter(({ problem }) => problem !== undefined)
  const problem = bad.map((one) => `${one.check}\n${one.problem}`).join('\n')
  return { passed: findings.length - bad.length, failed: bad.length, skipped: 0, problem }
}

/** What to show of a step that failed. */
export function problemOf(outcome: StepOutcome, logPath: string): string {
  if (outcome.problem !== undefined) return outcome.problem
  return existsSync(logPath) ? tailOf(logPath, 40) : 'it left no log'
}
