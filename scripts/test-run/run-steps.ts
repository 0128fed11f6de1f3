import { oneFailed, type Step, type StepContext, type StepOutcome, type StepReport } from './step.ts'

/** How a run goes about its steps. */
export interface RunOptions {
  /** Steps that may run at the same time. */
  readonly width: number
  readonly contextOf: (step: Step) => StepContext
  readonly onStart: (step: Step) => void
  readonly onEnd: (report: StepReport) => void
}

/**
 * Runs all steps, each in its turn: in the order given, as many at once as `width` allows, each after those it names.
 * A step that throws or finds nothing to check counts as failed; the others go on.
 */
export async function runSteps(steps: readonly Step[], options: RunOptions): Promise<readonly StepReport[]> {
  const waiting = [...steps]
  const running = new Map<Step, Promise<void>>()
  const reports = new Map<string, StepReport>()

  const end = (report: StepReport): void => {
    reports.set(report.step.name, report)
    options.onEnd(report)
  }
  const start = async (step: Step): Promise<void> => {
    options.onStart(step)
    const startedAt = performance.now()
    const outcome = await outcomeOf(step, options.contextOf(step))
    end({ step, outcome, seconds: (performance.now() - startedAt) / 1000 })
  }

  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.find((step) => (step.after ?? []).every((name) => isSettled(name, steps, reports)))
    if (next !== undefined && hasRoom(next, [...running.keys()], options.width)) {
      waiting.splice(waiting.indexOf(next), 1)
      const missing = (next.after ?? []).filter((name) => (reports.get(name)?.outcome.failed ?? 0) > 0)
      if (missing.length > 0) {
        end({
          step: next,
          seconds: 0,
          outcome: { ...oneFailed, problem: `not run: ${missing.join(', ')} failed` },
        })
      } else {
        running.set(
          next,
          start(next).finally(() => running.delete(next)),
        )
      }
    } else if (running.size > 0) {
      await Promise.race(running.values())
    } else {
      throw new Error(`these steps wait for each other: ${waiting.map(({ name }) => name).join(', ')}`)
    }
  }
  return steps.flatMap(({ name }) => reports.get(name) ?? [])
}

/** A name that is not among the steps was left out on purpose, and nobody waits for it. */
function isSettled(name: string, steps: readonly Step[], reports: ReadonlyMap<string, StepReport>): boolean {
  return reports.has(name) || !steps.some((step) => step.name === name)
}

function hasRoom(next: Step, running: readonly Step[], width: number): boolean {
  if (next.alone) return running.length === 0
  return running.length < width && !running.some((step) => step.alone)
}

async function outcomeOf(step: Step, context: StepContext): Promise<StepOutcome> {
  try {
    const outcome = await step.run(context)
    if (outcome.passed + outcome.failed > 0) return outcome
    return { ...outcome, failed: 1, problem: 'it checked nothing' }
  } catch (error) {
    return { ...oneFailed, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
