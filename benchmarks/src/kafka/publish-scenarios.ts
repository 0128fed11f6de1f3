import type { Producer } from 'kafkajs'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { orderEvent } from '../workload/order-event.ts'
import { type OwnTopic, openTopic, storedCount } from './own-topic.ts'
import { rawRecord } from './raw-record.ts'

const STREAMS = 1000

/** See its question. */
export function singlePublishes(serverUrl: string): Scenario {
  return {
    name: 'publish-1',
    question: 'How fast are publishes of one event, beside one send of kafkajs each?',
    async run(context) {
      for (const concurrency of [1, 16, 64]) {
        await context.compare({
          title: `publish 1 event, ${concurrency} in flight`,
          concurrency,
          base: 'kafkajs, plain send',
          candidates: [
            ours('Eventspine, idempotent', serverUrl, 1),
            raw('kafkajs, plain send', serverUrl, 1, false),
            raw('kafkajs, idempotent send', serverUrl, 1, true),
          ],
        })
      }
    },
  }
}

/** See its question. */
export function batchPublishes(serverUrl: string): Scenario {
  return {
    name: 'publish-batch',
    question:
      'How fast are publishes of 100 and 1,000 events, beside one send of kafkajs of the same envelopes?',
    async run(context) {
      for (const events of [100, 1000]) {
        await context.compare({
          title: `publish ${events} events over ${events} streams, 1 in flight`,
          concurrency: 1,
          base: 'kafkajs, idempotent send',
          candidates: [
            ours('Eventspine, idempotent', serverUrl, events),
            raw('kafkajs, plain send', serverUrl, events, false),
            raw('kafkajs, idempotent send', serverUrl, events, true),
          ],
        })
      }
    },
  }
}

function ours(name: string, serverUrl: string, events: number): Candidate {
  return {
    name,
    async open() {
      const topic = await openTopic(serverUrl)
      const { stream, close } = await openStream(topic)
      let number = 0
      return localSession({
        async operate() {
          const first = number
          number += events
          await stream.publish(
            Array.from({ length: events }, (_, index) => ({
              streamId: `cart:${(first + index) % STREAMS}`,
              ...orderEvent(first + index),
            })),
          )
          return events
        },
        check: (acknowledged) => checkCount(topic, acknowledged),
        async close() {
          await close()
          await topic.close()
        },
      })
    },
  }
}

function raw(name: string, serverUrl: string, events: number, idempotent: boolean): Candidate {
  return {
    name,
    async open() {
      const topic = await openTopic(serverUrl)
      const producer: Producer = topic.client.producer({ idempotent, createPartitioner: () => () => 0 })
      await producer.connect()
      let number = 0
      return localSession({
        async operate() {
          const first = number
          number += events
          const messages = Array.from({ length: events }, (_, index) =>
            rawRecord(`cart:${(first + index) % STREAMS}`, first + index, 0),
          )
          await producer.send({ topic: topic.topic, acks: -1, messages })
          return events
        },
        check: (acknowledged) => checkCount(topic, acknowledged),
        async close() {
          await producer.disconnect()
          await topic.close()
        },
      })
    },
  }
}

async function openStream(topic: OwnTopic) {
  const backend = await topic.open()
  // The producer is made by the first publish.
  await backend.stream.publish({ streamId: 'warm-up', ...orderEvent(0) })
  return { stream: backend.stream, close: () => backend.close() }
}

/** The first event of ours warmed the producer up. */
async function checkCount(topic: OwnTopic, acknowledged: number): Promise<void> {
  const stored = await storedCount(topic)
  if (stored !== acknowledged && stored !== acknowledged + 1)
    throw new Error(`${acknowledged} events were acknowledged and ${stored} are stored`)
}
