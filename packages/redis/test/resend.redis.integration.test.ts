import { startFaultProxy } from '@eventspine/servers'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { describe, expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, counted, ownPrefix, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()

/** A store through a client that sends again what it got no reply to, behind a proxy that can lose replies. */
async function openResending(make: (url: string) => Redis | Redis5) {
  const proxy = await startFaultProxy(serverUrl())
  onEnd(() => proxy.close())
  const prefix = ownPrefix(serverUrl(), onEnd)
  const client = make(proxy.url)
  client.on('error', () => undefined)
  onEnd(() => client.disconnect())
  const backend = await redis({ client, prefix, create: true })
  onEnd(() => backend.close())
  return { backend, proxy, prefix }
}

const clients = {
  'ioredis 6': (url: string) => new Redis(url),
  'ioredis 5': (url: string) => new Redis5(url),
}

describe.each(Object.entries(clients))(
  'a client of %s that sends again what it got no reply to',
  (_, make) => {
    it('does not double an append without expectation: the second time is given the answer of the first', async () => {
      const { backend, proxy } = await openResending(make)
      await backend.store.append('counter:1', [counted(1)])
      const lost = proxy.loseReply({ containing: 'lost-append' })
      const result = await backend.store.append('counter:1', [{ type: 'Counted', data: 'lost-append' }])
      await lost
      expect(result).toMatchObject({ version: 2, repeated: false })
      expect(await backend.store.append('counter:1', [counted(3)])).toMatchObject({ version: 3 })
      expect(await backend.store.read('counter:1').toArray()).toHaveLength(3)
    })

    it('does not take its own append at an exact version for a conflict', async () => {
      const { backend, proxy } = await openResending(make)
      const lost = proxy.loseReply({ containing: 'lost-append' })
      const event = { type: 'Counted', data: 'lost-append' }
      const result = await backend.store.append('counter:1', [event], { expectedVersion: 'none' })
      await lost
      expect(result).toMatchObject({ version: 1 })
      expect(await backend.store.read('counter:1').toArray()).toHaveLength(1)
    })

    it('does not take its own document for that of another', async () => {
      const { backend, proxy } = await openResending(make)
      const collection = backend.documents.collection('counts')
      const first = await collection.put('a', 'first', { expectedRevision: 'none' })
      const lost = proxy.loseReply({ containing: 'lost-document' })
      const second = await collection.put('a', 'lost-document', {
        expectedRevision: { revision: first },
      })
      await lost
      expect(await collection.get('a')).toMatchObject({ value: 'lost-document', revision: second })
    })

    it('keeps the order and number of many appends under way while connections break', async () => {
      const { backend, proxy } = await openResending(make)
      const appends = Array.from({ length: 400 }, async (_each, number) => {
        if (number % 100 === 50) proxy.cut()
        await backend.store.append(`counter:${number % 7}`, [counted(number)])
      })
      await Promise.all(appends)
      const numbers: number[] = []
      for await (const event of backend.store.feed()) numbers.push((event.data as { number: number }).number)
      expect(numbers.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 400 }, (_each, number) => number),
      )
    })
  },
)

it('refuses a client that forgets commands without a word', async () => {
  const client = clientOf(serverUrl(), { autoResendUnfulfilledCommands: false })
  onEnd(() => client.disconnect())
  expect(await refusedWith(() => redis({ client }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'client',
  })
})

it('tells a lost reply as unknown on a client of its own, which sends nothing again', async () => {
  const proxy = await startFaultProxy(serverUrl())
  onEnd(() => proxy.close())
  const prefix = ownPrefix(serverUrl(), onEnd)
  const backend = await redis.connect(proxy.url, { prefix, create: true })
  onEnd(() => backend.close())
  // The server knows the script from now on: a first call of it would only have asked for its source.
  await backend.store.append('counter:2', [counted(1)])
  const lost = proxy.loseReply({ containing: 'lost-append' })
  const event = { id: '0190c0d0-0000-7000-8000-000000000001', type: 'Counted', data: 'lost-append' }
  const append = () => backend.store.append('counter:1', [event], { expectedVersion: 0 })
  expect(await refusedWith(append)).toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    outcome: 'unknown',
    retryable: true,
  })
  await lost
  expect(await append()).toMatchObject({ version: 1, repeated: true })
})
