import { setTimeout as delay } from 'node:timers/promises'
import type { Backend } from '@eventspine/core'
import { postgres } from '@eventspine/postgres'
import type { Candidate, Session } from '../harness/compare.ts'
import { runSlice, type SlicePlan } from '../harness/slice.ts'
import { SessionProcess } from '../process/session-process.ts'
import type { Scenario } from '../target.ts'
import { OwnedStreams } from '../workload/owned-streams.ts'
import { LatencyProbe, type SentData, sharedClockUs } from './latency-probe.ts'
import { openSliceDatabase, warmPool } from './own-database.ts'

/** Between two appends of a quiet feed: a consumer that found nothing has gone to sleep by then. */
const QUIET_MS = 5

/** See its question. */
export function latencies(serverUrl: string): Scenario {
  return {
    name: 'latency',
    question: 'How long after an append was called is it acknowledged, and is its event in a handler?',
    async run(context) {
      const workloads = [
        { title: `an append every ${QUIET_MS} ms`, concurrency: 1, pauseMs: QUIET_MS },
        { title: '16 appends in flight, no pause', concurrency: 16, pauseMs: 0 },
      ]
      for (const { title, concurrency, pauseMs } of workloads) {
        await context.compare({
          title: `latency: ${title} (p50 and p99 are the result; rates are given by the pace)`,
          concurrency,
          base: 'acknowledged',
          candidates: [
            acknowledged(serverUrl, pauseMs),
            handledHere(serverUrl, pauseMs),
            handledElsewhere(serverUrl, pauseMs),
          ],
        })
      }
    },
  }
}

/** What takes the times of a slice. */
interface Watch {
  /** Waits until all events appended so far have arrived. */
  expect(events: number): Promise<void>
  /** The times since it was last asked. */
  take(): Promise<Float64Array>
  close(): Promise<void>
}

function acknowledged(serverUrl: string, pauseMs: number): Candidate {
  let latenciesUs: number[] = []
  return latencyCandidate(
    'acknowledged',
    serverUrl,
    pauseMs,
    (us) => latenciesUs.push(us),
    async () => ({
      expect: async () => undefined,
      async take() {
        const taken = Float64Array.from(latenciesUs)
        latenciesUs = []
        return taken
      },
      close: async () => undefined,
    }),
  )
}

function handledHere(serverUrl: string, pauseMs: number): Candidate {
  return latencyCandidate('handled in this process', serverUrl, pauseMs, ignore, async (backend) => {
    const probe = new LatencyProbe()
    await probe.start(backend)
    return {
      expect: (events) => probe.expect(events),
      take: async () => probe.take().latenciesUs,
      close: async () => undefined,
    }
  })
}

function handledElsewhere(serverUrl: string, pauseMs: number): Candidate {
  return latencyCandidate('handled in another process', serverUrl, pauseMs, ignore, async (_, url) => {
    const consumer = new SessionProcess(new URL('latency-process.ts', import.meta.url))
    await consumer.ask({ call: 'open', argument: { url } })
    return {
      async expect(events) {
        await consumer.ask({ call: 'check', acknowledgedEvents: events })
      },
      take: async () => (await consumer.measure({ call: 'measure', plan: NOTHING })).latenciesUs,
      close: () => consumer.close(),
    }
  })
}

const NOTHING: SlicePlan = { concurrency: 1, warmupMs: 0, durationMs: 0, serverPid: undefined }

function latencyCandidate(
  name: string,
  serverUrl: string,
  pauseMs: number,
  onAcknowledged: (latencyUs: number) => void,
  watchOver: (backend: Backend, url: string) => Promise<Watch>,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const database = await openSliceDatabase(serverUrl)
      const backend: Backend = await postgres({ pool: database.pool, create: true })
      await warmPool(database.pool)
      const watch = await watchOver(backend, database.url)
      const close = async (): Promise<void> => {
        await watch.close()
        await backend.close()
        await database.close()
      }
      const append = appendingAtPace(backend, concurrency, pauseMs, onAcknowledged)
      return latencySession(append, watch, close)
    },
  }
}

function latencySession(
  operate: (worker: number) => Promise<number>,
  watch: Watch,
  close: () => Promise<void>,
): Session {
  return {
    async measure(plan) {
      const warmup = await runSlice(operate, { ...plan, warmupMs: 0, durationMs: plan.warmupMs })
      await watch.expect(warmup.events)
      await watch.take()
      const measured = await runSlice(operate, { ...plan, warmupMs: 0 })
      const acknowledgedEvents = warmup.events + measured.events
      await watch.expect(acknowledgedEvents)
      const latenciesUs = await watch.take()
      return { ...measured, acknowledgedEvents, latenciesUs }
    },
    check: (events) => watch.expect(events),
    close,
  }
}

function appendingAtPace(
  { store }: Pick<Backend, 'store'>,
  concurrency: number,
  pauseMs: number,
  onAcknowledged: (latencyUs: number) => void,
): (worker: number) => Promise<number> {
  const streams = new OwnedStreams(concurrency)
  return async (worker) => {
    const stream = streams.next(worker)
    const data: SentData = { sentAtUs: sharedClockUs() }
    await store.append(stream.id, [{ type: 'Sent', data }], { expectedVersion: stream.version })
    onAcknowledged(sharedClockUs() - data.sentAtUs)
    stream.version++
    if (pauseMs > 0) await delay(pauseMs)
    return 1
  }
}

function ignore(): void {
  // Only the watch's times count.
}
