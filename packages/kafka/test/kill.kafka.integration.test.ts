import type { EventStoreError } from '@eventspine/core'
import { startKafka } from '@eventspine/servers'
import { describe, expect, it } from 'vitest'
import { createTopic, kafka } from '../src/index.ts'
import { clientOf, uniqueTopic } from './client-of.ts'
import { readAll } from './read-all.ts'

const STREAMS = 8

describe.each(['idempotent', 'transactional'] as const)(
  'a broker that is killed under an %s producer',
  (producer) => {
    it('loses nothing that was acknowledged, doubles and disorders nothing, and is found again', async () => {
      await using server = await startKafka()
      const client = clientOf(server.url)
      const topic = uniqueTopic()
      await createTopic(client, { topic, partitions: 2 })
      const backend = await kafka({ client, topic, producer })
      const acknowledged = new Set<string>()
      const unknown = new Set<string>()
      const refused = new Set<string>()
      let running = true
      const writers = Array.from({ length: STREAMS }, async (_, stream) => {
        for (let n = 1; running; n++) {
          const name = `${stream}/${n}`
          const event = { type: 'Counted', data: { stream, n }, streamId: `s:${stream}` }
          await backend.stream.publish(event).then(
            () => acknowledged.add(name),
            (error: EventStoreError) => (error.outcome === 'unknown' ? unknown : refused).add(name),
          )
        }
      })
      const reach = async (count: number): Promise<void> =>
        expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(count)
      await reach(200)
      await server.kill()
      await server.restart()
      await reach(acknowledged.size + 200)
      running = false
      await Promise.all(writers)
      await backend.close()
      const found = (await readAll(client, topic, 2, { atLeast: acknowledged.size }))
        .flat()
        .map(({ data }) => data as { readonly stream: number; readonly n: number })
      const names = found.map(({ stream, n }) => `${stream}/${n}`)
      expect(new Set(names).size).toBe(names.length)
      expect([...acknowledged].filter((name) => !names.includes(name))).toEqual([])
      expect([...refused].filter((name) => names.includes(name))).toEqual([])
      for (let stream = 0; stream < STREAMS; stream++) {
        const own = found.filter((each) => each.stream === stream).map(({ n }) => n)
        expect(own).toEqual(own.toSorted((a, b) => a - b))
      }
    }, 180_000)
  },
)
