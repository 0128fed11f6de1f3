import type { Comparison, ComparisonResult, CompareOptions } from './harness/compare.ts'

/** What a scenario is given to work with. */
export interface BenchContext {
  /** As asked for; a scenario may have a reason to take longer. */
  readonly options: CompareOptions
  /** Runs a comparison with the options given, or some of them changed, and keeps its result. */
  compare(comparison: Comparison, changes?: Partial<CompareOptions>): Promise<ComparisonResult>
  /** Something to be said beside the figures, such as why a peer is missing. */
  note(text: string): void
}

/** A question, and how it is answered. */
export interface Scenario {
  readonly name: string
  readonly question: string
  run(context: BenchContext): Promise<void>
}

/** What `npm run bench -- NAME` runs. */
export interface OpenTarget extends AsyncDisposable {
  readonly serverPid: number | undefined
  /** Versions and settings without which the figures say nothing. */
  readonly environment: Readonly<Record<string, string | number>>
  readonly scenarios: readonly Scenario[]
}
