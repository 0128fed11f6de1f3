import type { Session } from '../harness/compare.ts'
import { processTreeCpuUs } from '../harness/server-cpu.ts'
import type { Slice } from '../harness/slice.ts'

/** A reader under way that tells of each event. */
export interface StartedReader {
  /** Resolves when all events have come; rejects when the reader failed. */
  readonly done: Promise<void>
  close(): Promise<void>
}

/**
 * A session of readers that join, read `events` events and leave, over and over. Joining a group takes longer than
 * reading, and says nothing of how fast one reads: the clock runs from the first event to the last.
 *
 * @param start - begins to read from the first event, calling `arrived` for each.
 */
export function arrivalSession(
  events: number,
  start: (arrived: () => void) => Promise<StartedReader>,
): Session {
  const pass = async (serverPid: number | undefined) => {
    let count = 0
    let firstMs = 0
    let lastMs = 0
    let cpuFrom = process.cpuUsage()
    let cpuUs = 0
    let serverFrom = 0
    const serverUs = (): number => (serverPid === undefined ? 0 : (processTreeCpuUs(serverPid) ?? 0))
    const reader = await start(() => {
      if (count++ === 0) {
        firstMs = performance.now()
        cpuFrom = process.cpuUsage()
        serverFrom = serverUs()
      }
      if (count !== events) return
      lastMs = performance.now()
      const cpu = process.cpuUsage(cpuFrom)
      cpuUs = cpu.user + cpu.system
    })
    try {
      await reader.done
    } finally {
      await reader.close()
    }
    if (count !== events) throw new Error(`${events} events are stored and ${count} arrived`)
    return { elapsedMs: lastMs - firstMs, cpuUs, serverUs: serverUs() - serverFrom }
  }
  return {
    async measure({ durationMs, serverPid }): Promise<Slice> {
      await pass(serverPid)
      const passes: Awaited<ReturnType<typeof pass>>[] = []
      let elapsedMs = 0
      let nodeCpuUs = 0
      while (elapsedMs < durationMs) {
        const one = await pass(serverPid)
        passes.push(one)
        elapsedMs += one.elapsedMs
        nodeCpuUs += one.cpuUs
      }
      const serverCpuUs = passes.reduce((sum, one) => sum + one.serverUs, 0)
      return {
        events: events * passes.length,
        acknowledgedEvents: events * passes.length,
        elapsedMs,
        latenciesUs: Float64Array.from(passes, (one) => one.elapsedMs * 1000),
        nodeCpuUs,
        serverCpuUs: serverPid === undefined ? undefined : serverCpuUs,
      }
    },
    check: async () => undefined,
    close: async () => undefined,
  }
}
