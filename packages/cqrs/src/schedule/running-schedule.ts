import type { ScheduleNotice } from './run-options.ts'
import type { ScheduleWorker } from './schedule-worker.ts'

/** A schedule at work in this process. */
export interface RunningSchedule extends AsyncDisposable {
  /** Messages that this run has delivered. */
  readonly delivered: number
  /**
   * Begins no further delivery and finishes what is in hand. A delivery that is not done after `timeoutMs` (default
   * 30,000) has its `signal` aborted and is no longer waited for; its message is delivered again.
   */
  stop(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
  /** Resolves after `stop()`; rejects with the cause when the run had to end by itself. */
  readonly completed: Promise<void>
}

export function startRunning<Message>(
  worker: ScheduleWorker<Message>,
  onNotice: (notice: ScheduleNotice) => void,
): RunningSchedule {
  const ending = new AbortController()
  const completed = worker.run(ending.signal)
  // Whoever does not look at `completed` is told by a notice instead.
  completed.catch((error: unknown) => onNotice({ kind: 'ended', error }))
  const stop: RunningSchedule['stop'] = async ({ timeoutMs = 30_000 } = {}) => {
    ending.abort()
    await worker.finish(
      timeoutMs,
      completed.catch(() => undefined),
    )
  }
  return {
    get delivered() {
      return worker.delivered
    },
    completed,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}
