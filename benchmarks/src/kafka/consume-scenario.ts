import { randomUUID } from 'node:crypto'
import type { EachBatchPayload } from 'kafkajs'
import type { Candidate } from '../harness/compare.ts'
import type { Scenario } from '../target.ts'
import { arrivalSession, type StartedReader } from '../workload/arrivals.ts'
import { orderEvent, type OrderData } from '../workload/order-event.ts'
import { type Touch, touchData, touchType } from '../workload/reads.ts'
import { type OwnTopic, openTopic } from './own-topic.ts'

const EVENTS = 50_000
const STREAMS = 500
const BATCH = 1000

/** See its question. */
export function consuming(serverUrl: string): Scenario {
  return {
    name: 'consume',
    question: 'How fast does a group handle what a topic holds, beside eachBatch of kafkajs?',
    async run(context) {
      const topic = await openTopic(serverUrl)
      await fill(topic)
      await context.compare({
        title: `a topic of ${EVENTS} events over ${STREAMS} streams, from the first to the last`,
        concurrency: 1,
        base: 'kafkajs eachBatch, JSON.parse',
        candidates: [
          raw('kafkajs eachBatch, JSON.parse', topic, (value) => {
            if (!((JSON.parse(value.toString()) as OrderData).totalCents > 0)) throw new Error('no data')
          }),
          raw('kafkajs eachBatch, untouched', topic, () => undefined),
          ours('Eventspine, every data read', topic, touchData),
          ours('Eventspine, type looked at', topic, touchType),
        ],
      })
      await topic.close()
    },
  }
}

async function fill(topic: OwnTopic): Promise<void> {
  const backend = await topic.open()
  for (let first = 0; first < EVENTS; first += BATCH) {
    await backend.stream.publish(
      Array.from({ length: BATCH }, (_, index) => ({
        streamId: `cart:${(first + index) % STREAMS}`,
        ...orderEvent(first + index),
      })),
    )
  }
  await backend.close()
}

function raw(name: string, topic: OwnTopic, look: (value: Buffer) => void): Candidate {
  return {
    name,
    open: async () =>
      arrivalSession(EVENTS, async (arrived) => {
        const consumer = topic.client.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 100 })
        await consumer.connect()
        await consumer.subscribe({ topic: topic.topic, fromBeginning: true })
        const reader = waiting(arrived, () => consumer.disconnect())
        await consumer.run({
          autoCommit: true,
          autoCommitThreshold: 250,
          eachBatch: async ({ batch }: EachBatchPayload) => {
            for (const { value } of batch.messages) {
              if (value !== null) look(value)
              reader.arrived()
            }
          },
        })
        return reader
      }),
  }
}

function ours(name: string, topic: OwnTopic, touch: Touch): Candidate {
  return {
    name,
    open: async () =>
      arrivalSession(EVENTS, async (arrived) => {
        const backend = await topic.open()
        const reader = waiting(arrived, () => backend.close())
        await backend.stream.subscribe({
          group: `bench-${randomUUID()}`,
          handlers: (event) => {
            if (!(touch(event) > 0)) throw new Error('no data')
            reader.arrived()
          },
        })
        return reader
      }),
  }
}

function waiting(
  arrived: () => void,
  close: () => Promise<void>,
): StartedReader & { readonly arrived: () => void } {
  let count = 0
  let finish = (): void => undefined
  const done = new Promise<void>((resolve) => (finish = resolve))
  return {
    done,
    close,
    arrived() {
      arrived()
      if (++count === EVENTS) finish()
    },
  }
}
