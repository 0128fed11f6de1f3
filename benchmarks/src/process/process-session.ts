import type { Session } from '../harness/compare.ts'
import { mergeSlices } from '../harness/slice.ts'
import { SessionProcess } from './session-process.ts'

/** Processes that work side by side as one session. */
export interface ProcessPlan {
  /** A module that calls `serveSession`. */
  readonly script: URL
  /** What each process opens its session with, one process an item. */
  readonly arguments: readonly unknown[]
}

/** Starts the processes and opens a session in each. Operations under way are shared out between them. */
export async function processSession(plan: ProcessPlan): Promise<Session> {
  const children = plan.arguments.map(() => new SessionProcess(plan.script))
  let acknowledged: readonly number[] = []
  const close = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.close()))
  }
  try {
    await Promise.all(
      children.map((child, index) => child.ask({ call: 'open', argument: plan.arguments[index] })),
    )
  } catch (error) {
    await Promise.allSettled(children.map((child) => child.close()))
    throw error
  }
  return {
    async measure(slicePlan) {
      const concurrency = slicePlan.concurrency / children.length
      if (!Number.isInteger(concurrency))
        throw new RangeError(`${slicePlan.concurrency} operations cannot be shared by ${children.length}`)
      const slices = await Promise.all(
        children.map((child) => child.measure({ call: 'measure', plan: { ...slicePlan, concurrency } })),
      )
      acknowledged = slices.map(({ acknowledgedEvents }) => acknowledgedEvents)
      return mergeSlices(slices)
    },
    async check() {
      await Promise.all(
        children.map((child, index) =>
          child.ask({ call: 'check', acknowledgedEvents: acknowledged[index] ?? 0 }),
        ),
      )
    },
    close,
  }
}
