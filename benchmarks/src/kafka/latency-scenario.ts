import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { waitUntil } from '@eventspine/servers'
import type { Candidate, Session } from '../harness/compare.ts'
import { runSlice } from '../harness/slice.ts'
import { type SentData, sharedClockUs } from '../postgres/latency-probe.ts'
import type { Scenario } from '../target.ts'
import { openTopic } from './own-topic.ts'
import { rawRecord } from './raw-record.ts'

const PACE_MS = 5

/** See its question. */
export function publishLatency(serverUrl: string): Scenario {
  return {
    name: 'latency',
    question: 'How long after it was published is an event in a handler of the same process?',
    async run(context) {
      await context.compare({
        title: `publish to handler, one every ${PACE_MS} ms (p50 and p99 are the result; rates are given by the pace)`,
        concurrency: 1,
        base: 'kafkajs, idempotent',
        candidates: [raw('kafkajs, idempotent', serverUrl), ours('Eventspine', serverUrl)],
      })
    },
  }
}

/** What sends, and what is told of each arrival. */
export interface Sender {
  send(data: SentData): Promise<void>
  close(): Promise<void>
}

/** A session that sends at a pace and takes the time until each event has arrived. */
export function latencySession(arrivals: Arrivals, sender: Sender): Session {
  const operate = async (): Promise<number> => {
    await sender.send({ sentAtUs: sharedClockUs() })
    await delay(PACE_MS)
    return 1
  }
  return {
    async measure(plan) {
      const warmup = await runSlice(operate, {
        ...plan,
        warmupMs: 0,
        durationMs: Math.max(plan.warmupMs, 1000),
      })
      await arrivals.expect(warmup.events)
      arrivals.take()
      const measured = await runSlice(operate, { ...plan, warmupMs: 0 })
      const acknowledgedEvents = warmup.events + measured.events
      await arrivals.expect(acknowledgedEvents)
      return { ...measured, acknowledgedEvents, latenciesUs: arrivals.take() }
    },
    check: (events) => arrivals.expect(events),
    close: () => sender.close(),
  }
}

/** Notes when events arrive. */
export class Arrivals {
  #latenciesUs: number[] = []
  #count = 0

  note({ sentAtUs }: SentData): void {
    this.#latenciesUs.push(sharedClockUs() - sentAtUs)
    this.#count++
  }

  async expect(events: number): Promise<void> {
    await waitUntil(() => (this.#count >= events ? true : undefined), { deadlineMs: 30_000 })
    if (this.#count !== events) throw new Error(`${events} events were sent and ${this.#count} arrived`)
  }

  take(): Float64Array {
    const taken = Float64Array.from(this.#latenciesUs)
    this.#latenciesUs = []
    return taken
  }
}

function ours(name: string, serverUrl: string): Candidate {
  return {
    name,
    async open() {
      const topic = await openTopic(serverUrl)
      const backend = await topic.open()
      const arrivals = new Arrivals()
      await backend.stream.subscribe({
        group: `bench-${randomUUID()}`,
        handlers: (event) => arrivals.note(event.data as SentData),
      })
      return latencySession(arrivals, {
        async send(data) {
          await backend.stream.publish({ streamId: 'cart:1', type: 'Sent', data })
        },
        async close() {
          await backend.close()
          await topic.close()
        },
      })
    },
  }
}

function raw(name: string, serverUrl: string): Candidate {
  return {
    name,
    async open() {
      const topic = await openTopic(serverUrl)
      const producer = topic.client.producer({ idempotent: true, createPartitioner: () => () => 0 })
      const consumer = topic.client.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 100 })
      await Promise.all([producer.connect(), consumer.connect()])
      const arrivals = new Arrivals()
      await consumer.subscribe({ topic: topic.topic, fromBeginning: true })
      await consumer.run({
        eachMessage: async ({ message }) => {
          arrivals.note(JSON.parse(String(message.value)) as SentData)
        },
      })
      return latencySession(arrivals, {
        async send(data) {
          const record = { ...rawRecord('cart:1', 1, 0), value: JSON.stringify(data) }
          await producer.send({ topic: topic.topic, acks: -1, messages: [record] })
        },
        async close() {
          await Promise.all([producer.disconnect(), consumer.disconnect()])
          await topic.close()
        },
      })
    },
  }
}
