import { redis } from '@eventspine/redis'
import type { Redis } from 'ioredis'
import type { Scenario } from '../target.ts'
import { orderEvent } from '../workload/order-event.ts'
import { eventFields, packedEvent } from './raw-appenders.ts'
import { openSliceClient } from './slice-client.ts'

const STREAMS = 200
const EVENTS_EACH = 50
const EVENTS = STREAMS * EVENTS_EACH

/** See its question. Not a matter of time, so it tells its figures as notes. */
export function memoryUse(serverUrl: string): Scenario {
  return {
    name: 'memory-use',
    question: 'How much memory does an event take, by MEMORY USAGE of all keys, beside plain entries?',
    async run(context) {
      const plain = await measured(serverUrl, async (client) => {
        await fill((stream, number) => client.xadd(`cart:${stream}`, '*', 'e', packedEvent(number)))
      })
      const attributes = await measured(serverUrl, async (client) => {
        await fill((stream, number) => client.xadd(`cart:${stream}`, '*', ...eventFields(number)))
      })
      context.note(`${EVENTS} events over ${STREAMS} streams`)
      context.note(`XADD, one packed field: ${plain.toFixed(0)} bytes an event`)
      context.note(
        `XADD, a field an attribute: ${attributes.toFixed(0)}, × ${(attributes / plain).toFixed(2)}`,
      )
      for (const feed of ['reference', 'body'] as const) {
        for (const events of [1, 10]) {
          const ours = await measured(serverUrl, (client) => fillOurs(client, feed, events))
          const what = feed === 'body' ? ', body in the feed' : ''
          context.note(
            `Eventspine, commits of ${events}${what}: ${ours.toFixed(0)}, × ${(ours / plain).toFixed(2)}`,
          )
        }
      }
    },
  }
}

async function fill(append: (stream: number, number: number) => Promise<unknown>): Promise<void> {
  for (let number = 0; number < EVENTS_EACH; number++)
    await Promise.all(Array.from({ length: STREAMS }, (_, stream) => append(stream, number)))
}

async function fillOurs(client: Redis, feed: 'reference' | 'body', events: number): Promise<void> {
  const backend = await redis({ client, create: true, feed })
  for (let version = 0; version < EVENTS_EACH; version += events) {
    await Promise.all(
      Array.from({ length: STREAMS }, (_, stream) =>
        backend.store.append(
          `cart:${stream}`,
          Array.from({ length: events }, (_unused, index) => orderEvent(version + index)),
          { expectedVersion: version },
        ),
      ),
    )
  }
  await backend.close()
}

/** Bytes an event, over all keys that `work` left. */
async function measured(serverUrl: string, work: (client: Redis) => Promise<void>): Promise<number> {
  const client = await openSliceClient(serverUrl)
  try {
    await work(client)
    const keys = await client.keys('*')
    const sizes = await Promise.all(keys.map((key) => client.memory('USAGE', key, 'SAMPLES', 0)))
    return sizes.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0) / EVENTS
  } finally {
    client.disconnect()
  }
}
