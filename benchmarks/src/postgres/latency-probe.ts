import { randomUUID } from 'node:crypto'
import type { Backend, RecordedEvent } from '@eventspine/core'
import { waitUntil } from '@eventspine/servers'
import type { Slice } from '../harness/slice.ts'

const DEADLINE_MS = 30_000

/** Microseconds of a clock that all processes of a machine share. */
export function sharedClockUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Data of an event that tells when its append was called. */
export interface SentData {
  readonly sentAtUs: number
}

/** A consumer that notes how long after its append was called each event reached the handler. */
export class LatencyProbe {
  #latenciesUs: number[] = []
  #handled = 0
  #cpu = process.cpuUsage()

  /** Starts a group of its own, which begins with the events that come after now. */
  async start({ stream }: Pick<Backend, 'stream'>): Promise<void> {
    await stream.subscribe({
      group: `latency-${randomUUID()}`,
      handlers: (event: RecordedEvent) => {
        const { sentAtUs } = event.data as SentData
        this.#latenciesUs.push(sharedClockUs() - sentAtUs)
        this.#handled++
      },
    })
  }

  /** @throws where not exactly so many events were handled since the start. */
  async expect(events: number): Promise<void> {
    await waitUntil(() => (this.#handled >= events ? true : undefined), { deadlineMs: DEADLINE_MS })
    if (this.#handled !== events)
      throw new Error(`${events} events were appended and ${this.#handled} handled`)
  }

  /** What was noted since it was last asked. */
  take(): Slice {
    const cpu = process.cpuUsage(this.#cpu)
    this.#cpu = process.cpuUsage()
    const latenciesUs = Float64Array.from(this.#latenciesUs)
    this.#latenciesUs = []
    return {
      events: latenciesUs.length,
      acknowledgedEvents: this.#handled,
      elapsedMs: 1,
      latenciesUs,
      nodeCpuUs: cpu.user + cpu.system,
      serverCpuUs: undefined,
    }
  }
}
