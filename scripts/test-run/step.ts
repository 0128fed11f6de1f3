/** How many checks of each outcome. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** One part of `npm test`. */
export interface Step {
  readonly name: string
  /** Steps that must have passed before; where one did not, this one fails without being run. */
  readonly after?: readonly string[]
  /** True: it has the machine to itself. */
  readonly alone?: boolean
  run(context: StepContext): Promise<StepOutcome>
}

/** What a step is given. */
export interface StepContext {
  /** For the whole output, shown only where something failed. */
  readonly logPath: string
}

/** What a step found. */
export interface StepOutcome extends Counts {
  /** One short remark for its line. */
  readonly note?: string
  /** What to show of a failure; the end of the log where absent. */
  readonly problem?: string
}

/** A step that has run, or could not. */
export interface StepReport {
  readonly step: Step
  readonly outcome: StepOutcome
  readonly seconds: number
}

export const onePassed: Counts = { passed: 1, failed: 0, skipped: 0 }
export const oneFailed: Counts = { passed: 0, failed: 1, skipped: 0 }

/** All counts together. */
export function sum(counts: readonly Counts[]): Counts {
  return counts.reduce(
    (all, one) => ({
      passed: all.passed + one.passed,
      failed: all.failed + one.failed,
      skipped: all.skipped + one.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}
