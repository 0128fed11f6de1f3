import { startFaultProxy } from '@eventspine/servers'
import type { Backend, PublishEvent } from '@eventspine/core'
import { partitionOf } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { createTopic, kafka, type TopicOptions } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, uniqueTopic } from './client-of.ts'
import { readAll } from './read-all.ts'

const direct = clientOf(serverUrl())

const event = (streamId: string, n: number, filler = ''): PublishEvent => ({
  type: 'Counted',
  data: { n, filler },
  streamId,
})

async function withTopic(
  partitions: number,
  options: TopicOptions,
  work: (backend: Backend, topic: string) => Promise<void>,
): Promise<void> {
  const topic = uniqueTopic()
  await createTopic(direct, { topic, partitions })
  const backend = await kafka({ client: direct, topic, ...options })
  try {
    await work(backend, topic)
  } finally {
    await backend.close()
  }
}

const numbers = (events: readonly { readonly data: unknown }[]): number[] =>
  events.map(({ data }) => (data as { readonly n: number }).n)

describe.each(['idempotent', 'transactional'] as const)('an %s producer', (producer) => {
  it('keeps the order of calls in each stream, whatever their sizes', async () => {
    await withTopic(4, { producer }, async (backend, topic) => {
      const calls: Promise<unknown>[] = []
      for (let n = 1; n <= 300; n++) {
        const filler = 'x'.repeat(n % 50 === 0 ? 400_000 : n % 7)
        calls.push(backend.stream.publish([event(`s:${n % 5}`, n, filler), event('all', n)]))
      }
      await Promise.all(calls)
      const found = await readAll(direct, topic, 4, { atLeast: 600 })
      for (const streamId of ['s:0', 's:1', 's:2', 's:3', 's:4', 'all']) {
        const own = numbers(found.flat().filter((one) => one.streamId === streamId))
        expect(own).toEqual(
          Array.from({ length: 300 }, (_, n) => n + 1).filter(
            (n) => streamId === 'all' || `s:${n % 5}` === streamId,
          ),
        )
      }
    })
  })

  it('refuses an event that no batch can hold by its id, before anything is sent, and spares its neighbours', async () => {
    await withTopic(1, { producer }, async (backend, topic) => {
      const id = '00000000-0000-4000-8000-000000000001'
      const results = await Promise.allSettled([
        backend.stream.publish(event('a', 1)),
        backend.stream.publish([event('a', 2), { ...event('b', 3, 'x'.repeat(1_100_000)), id }]),
        backend.stream.publish(event('a', 4)),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(results[1]).toMatchObject({
        reason: { code: 'LIMIT_EXCEEDED', outcome: 'not-applied', message: expect.stringContaining(id) },
      })
      expect(numbers((await readAll(direct, topic, 1, { atLeast: 2 })).flat())).toEqual([1, 4])
    })
  })

  it('writes once when a reply is lost, and says so', async () => {
    const proxy = await startFaultProxy(serverUrl())
    const topic = uniqueTopic()
    await createTopic(direct, { topic })
    const backend = await kafka({ client: clientOf(serverUrl(), proxy), topic, producer })
    await backend.stream.publish(event('a', 1))
    const lost = proxy.loseReply({ kafka: 'Produce' })
    await backend.stream.publish(event('a', 2))
    await lost
    await backend.stream.publish(event('a', 3))
    expect(numbers((await readAll(direct, topic, 1, { atLeast: 3 })).flat())).toEqual([1, 2, 3])
    await backend.close()
    await proxy.close()
  })

  it('says after deliveryTimeoutMs that nobody knows, keeps the order, and goes on with a new producer', async () => {
    const proxy = await startFaultProxy(serverUrl())
    const topic = uniqueTopic()
    await createTopic(direct, { topic })
    const client = clientOf(serverUrl(), proxy)
    const backend = await kafka({ client, topic, producer, deliveryTimeoutMs: 1500 })
    await backend.stream.publish(event('a', 1))
    const silenced = proxy.silence({ kafka: producer === 'idempotent' ? 'Produce' : 'EndTxn' })
    const second = backend.stream.publish(event('a', 2))
    const third = backend.stream.publish(event('a', 3)).then(
      () => 'published',
      (error: { readonly outcome: string }) => error.outcome,
    )
    await expect(second).rejects.toMatchObject({
      outcome: 'unknown',
      message: expect.stringContaining('double'),
    })
    await silenced
    // Of what waited behind it nothing was sent while nobody knew.
    await expect(third).resolves.toBe('unknown')
    await expect
      .poll(
        () =>
          backend.stream.publish(event('a', 4)).then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true)
    const read = async (): Promise<number[]> => numbers((await readAll(direct, topic, 1)).flat())
    await expect.poll(async () => (await read()).at(-1), { timeout: 20_000 }).toBe(4)
    const found = await read()
    expect(found.filter((n) => n < 4)).toEqual([1, 2, 3].filter((n) => found.includes(n)))
    await backend.close()
    await proxy.close()
  })
})

describe('a topic that was changed under an open backend', () => {
  it('takes nothing for a partition that is gone: the client says nothing of it, so the acknowledgement is missed', async () => {
    await withTopic(4, { deliveryTimeoutMs: 5000 }, async (backend, topic) => {
      await backend.stream.publish(event('warm', 0))
      const admin = direct.admin()
      await admin.connect()
      await admin.deleteTopics({ topics: [topic] })
      await expect
        .poll(() => createTopic(direct, { topic, partitions: 1 }).catch(() => false), { timeout: 20_000 })
        .toBe(true)
      await admin.disconnect()
      const streamId = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find((name) => partitionOf(name, 4) === 3) ?? ''
      await expect(backend.stream.publish(event(streamId, 1))).rejects.toMatchObject({
        code: expect.stringMatching(/STORE_INCOMPATIBLE|OUTCOME_UNKNOWN|STORE_MISSING/),
      })
      expect((await readAll(direct, topic, 1)).flat()).toEqual([])
    })
  })
})
