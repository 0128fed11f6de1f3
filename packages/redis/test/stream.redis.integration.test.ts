import { eventually } from '@eventspine/conformance'
import { EventStoreError, type RecordedEvent } from '@eventspine/core'
import { startFaultProxy, startRedis } from '@eventspine/servers'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { describe, expect, it } from 'vitest'
import { openUrl, redis, redisStream } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { event, handledBy, numbersTo, ownStreams, topic } from './own-stream.ts'
import { ownPrefix, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()
const { openStream, rawClient } = ownStreams(onEnd)

describe('entries of a stream', () => {
  it('have dense ids and one field, however many publish at once, and keep the order of every stream', async () => {
    const { stream, prefix } = await openStream()
    const { stream: second } = await openStream({ prefix })
    const published = numbersTo(200).map(async (number) => {
      const { stream: port } = number % 2 === 0 ? stream : second
      await port.publish([event(number, `order:${number % 2}-${number % 5}`), event(number, 'order:all')])
    })
    await Promise.all(published)
    const entries = await rawClient().xrange(`{${prefix}~${topic}:0}:log`, '-', '+')
    expect(entries.map(([id]) => id)).toEqual(numbersTo(400).map((number) => `${number}-0`))
    expect(entries.every(([, fields]) => fields.length === 2 && fields[0] === 'e')).toBe(true)
    expect(entries[0]?.[1][1]).toMatch(/^\d{13}\norder:\S+\n0 1 [0-9a-f-]{36} Counted\n\{\}\n\d+$/)
    const handled = await handledBy(stream, 'reader')
    for (const half of [0, 1]) {
      for (let rest = 0; rest < 5; rest++) {
        const own = handled.filter(({ streamId }) => streamId === `order:${half}-${rest}`)
        const numbers = own.map(({ data }) => Number(data))
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
        expect(numbers).toHaveLength(20)
      }
    }
  })

  it('of a foreign writer are refused, not passed over', async () => {
    const { stream, prefix } = await openStream()
    await rawClient().xadd(`{${prefix}~${topic}:0}:log`, '1-0', 'name', 'value')
    const error = await refusedWith(() => handledBy(stream, 'reader'))
    expect(error).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
  })
})

const clients = {
  'ioredis 6': (url: string) => new Redis(url),
  'ioredis 5': (url: string) => new Redis5(url),
}

describe.each(Object.entries(clients))('a client of %s', (_, make) => {
  async function openThrough(url: string) {
    const prefix = ownPrefix(serverUrl(), onEnd)
    const client = make(url)
    client.on('error', () => undefined)
    onEnd(() => client.disconnect())
    const stream = await redisStream({ client, prefix, topic, create: true })
    onEnd(() => stream.close())
    return { client, stream }
  }

  it('publishes once what it sends twice', async () => {
    const proxy = await startFaultProxy(serverUrl())
    onEnd(() => proxy.close())
    const { stream } = await openThrough(proxy.url)
    await stream.stream.publish(event(1))
    const lost = proxy.loseReply({ containing: 'order:lost' })
    await stream.stream.publish([event(2, 'order:lost'), event(3, 'order:lost')])
    await lost
    await stream.stream.publish(event(4))
    const handled = await handledBy(stream, 'reader')
    expect(handled.map(({ data }) => Number(data)).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
  })

  it('wakes ordered and unordered consumers at once, and is left as it was found', async () => {
    const { client, stream } = await openThrough(serverUrl())
    const handled: string[] = []
    const pollMs = { min: 60_000, max: 60_000 }
    await stream.stream.subscribe({ group: 'a', pollMs, handlers: () => void handled.push('ordered') })
    await stream.stream.subscribe({
      group: 'b',
      ordering: 'none',
      pollMs,
      handlers: () => void handled.push('unordered'),
    })
    for (const times of [1, 2, 3]) {
      await stream.stream.publish(event(times))
      await eventually('both were woken', () => handled.length === 2 * times, 10_000)
    }
    const startedMs = performance.now()
    await stream.close()
    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect(await client.ping()).toBe('PONG')
    await eventually(
      'no connection waits any more',
      async () => !/name=\S* .*cmd=xread\b/.test(String(await client.call('client', 'list'))),
      10_000,
    )
  })
})

describe('a server that goes away', () => {
  it('while consumers wait for it, and comes back, loses nothing and needs no new subscription', async () => {
    await using server = await startRedis({ settings: { appendfsync: 'always' } })
    const { stream } = await openStream({ prefix: 'gone', partitions: 2 }, server.url)
    const handled: number[] = []
    const unordered: number[] = []
    const options = { leaseMs: 2000, pollMs: { min: 10, max: 500 }, onNotice: () => undefined }
    await stream.stream.subscribe({
      ...options,
      group: 'a',
      handlers: ({ data }) => void handled.push(Number(data)),
    })
    await stream.stream.subscribe({
      ...options,
      group: 'b',
      ordering: 'none',
      handlers: ({ data }) => void unordered.push(Number(data)),
    })
    const publish = (number: number) => stream.stream.publish(event(number, `order:${number}`))
    await publish(1)
    await eventually('the first is handled', () => handled.length === 1 && unordered.length === 1, 10_000)
    await server.kill()
    const refused = await refusedWith(() => publish(2))
    expect(EventStoreError.is(refused)).toBe(true)
    await server.restart()
    await eventually(
      'it can be published to again',
      async () => {
        const failed = await publish(3).catch((error: unknown) => error)
        return !(failed instanceof Error)
      },
      20_000,
    )
    await eventually('what came later is handled', () => handled.includes(3) && unordered.includes(3), 20_000)
  })

  it('refuses a publish when its memory is full, says so, and has written nothing', async () => {
    await using server = await startRedis({
      settings: { maxmemory: '4mb', 'maxmemory-policy': 'noeviction' },
    })
    const { stream } = await openStream({ prefix: 'full' }, server.url)
    const big = { ...event(1), data: 'x'.repeat(100_000) }
    let written = 0
    const error = await refusedWith(async () => {
      for (; written < 100; written++) await stream.stream.publish(big)
    })
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied', retryable: true })
    const client = rawClient(server.url)
    expect(await client.xlen(`{full~${topic}:0}:log`)).toBe(written)
    await client.config('SET', 'maxmemory', '0')
    await stream.stream.publish(event(2))
    expect(await handledBy(stream, 'reader')).toHaveLength(written + 1)
  })

  it('and comes back without events that a checkpoint has is found out: FEED_DIVERGED', async () => {
    const { stream, prefix } = await openStream()
    await stream.stream.publish([event(1), event(2), event(3)])
    expect(await handledBy(stream, 'reader')).toHaveLength(3)
    // As where the log alone was restored.
    const client = rawClient()
    const base = `{${prefix}~${topic}:0}:`
    await client.xdel(`${base}log`, '3-0')
    await client.call('xsetid', `${base}log`, '2-0')
    await client.set(`${base}head`, 2)
    expect(await refusedWith(() => handledBy(stream, 'reader'))).toMatchObject({ code: 'FEED_DIVERGED' })
    await stream.stream.publish(event(4))
    expect(await refusedWith(() => handledBy(stream, 'reader'))).toMatchObject({ code: 'FEED_DIVERGED' })
  })
})

describe('a failover to a replica that lacks the last events', () => {
  it('lets groups go on from where both agree, and refuses places that are in no history any more', async () => {
    await using master = await startRedis()
    await using replica = await startRedis()
    const follower = rawClient(replica.url)
    await follower.call('replicaof', '127.0.0.1', new URL(master.url).port)
    await eventually(
      'the replica follows',
      async () => (await follower.info('replication')).includes('master_link_status:up'),
      20_000,
    )
    const wait = { replicas: 1, timeoutMs: 10_000 }
    const { stream: careful } = await openStream({ prefix: 'over', wait }, master.url)
    await careful.stream.publish([event(1), event(2)])
    expect(await handledBy(careful, 'reader')).toHaveLength(2)
    await follower.call('replicaof', 'no', 'one')
    const { stream: hasty } = await openStream({ prefix: 'over' }, master.url)
    const { token } = await hasty.stream.publish([event(3), event(4)])
    expect(await handledBy(hasty, 'reader')).toHaveLength(2)

    const { stream } = await openStream({ prefix: 'over', create: false }, replica.url)
    expect((await handledBy(stream, 'reader')).map(({ data }) => data)).toEqual([])
    await stream.stream.publish([event(5), event(6), event(7)])
    expect((await handledBy(stream, 'reader')).map(({ data }) => data)).toEqual([5, 6, 7])
    const lost = await stream.stream.subscribe({
      group: 'token',
      startFrom: token,
      handlers: () => undefined,
      onNotice: () => undefined,
    })
    await expect(lost.completed).rejects.toMatchObject({ code: 'FEED_DIVERGED' })
    const unordered = await stream.stream.subscribe({
      group: 'token',
      ordering: 'none',
      startFrom: token,
      handlers: () => undefined,
      onNotice: () => undefined,
    })
    await expect(unordered.completed).rejects.toMatchObject({ code: 'FEED_DIVERGED' })
  })

  it('is no danger to a publish that waited for a replica; one that got none says so', async () => {
    await using server = await startRedis()
    const { stream } = await openStream({ prefix: 'alone' }, server.url)
    const wait = { replicas: 1, timeoutMs: 100 }
    const { stream: careful } = await openStream({ prefix: 'alone', create: false, wait }, server.url)
    const error = await refusedWith(() => careful.stream.publish(event(1)))
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' })
    expect(String(error)).toContain('0 of 1 replicas')
    expect(await handledBy(stream, 'reader')).toHaveLength(1)
  })
})

describe('trimming', () => {
  it('keeps for groups without order what they have not taken, have in hand or have parked', async () => {
    const { stream } = await openStream()
    await stream.stream.publish(numbersTo(5).map((number) => event(number, `order:${number}`)))
    const group = { group: 'g', ordering: 'none', onNotice: () => undefined } as const
    const handlers = ({ data }: RecordedEvent): void => {
      if (data === 3) throw new Error('poison')
    }
    const firstKept = async () => (await stream.trim({ maxEvents: 0 }))[0]?.firstKept
    await stream.stream.runOnce({ ...group, retry: { attempts: 1 }, handlers, budgetMs: 10_000 })
    expect(await firstKept()).toBe(3)
    const parked = stream.stream.group('g', { ordering: 'none' })
    expect(await parked.parked()).toMatchObject([{ streamId: 'order:3', streamPosition: 3 }])
    await parked.replay('order:3')
    expect(await firstKept()).toBe(3)
    await stream.stream.runOnce({ ...group, handlers: () => undefined, budgetMs: 10_000 })
    expect(await firstKept()).toBe(6)
    await stream.stream.publish(event(6))
    expect(await firstKept()).toBe(6)
    expect((await stream.trim({ maxEvents: 0, force: true }))[0]?.firstKept).toBe(7)
  })

  it('goes by age, and is done by those who publish where they are told to', async () => {
    const failures: unknown[] = []
    const { stream, prefix } = await openStream({
      retention: { maxEvents: 20 },
      onTrimError: (error) => void failures.push(error),
    })
    for (const number of numbersTo(100)) await stream.stream.publish(event(number))
    await stream.close()
    const { stream: after } = await openStream({ prefix })
    const kept = (await handledBy(after, 'reader')).map(({ data }) => Number(data))
    expect(kept.length).toBeLessThanOrEqual(23)
    expect(kept).toEqual(numbersTo(100).slice(-kept.length))
    await eventually(
      'all that was handled is older than a moment',
      async () => (await after.trim({ maxAgeMs: 0 }))[0]?.firstKept === 100,
      5000,
    )
    expect(failures).toEqual([])
    for (const rule of [{}, { maxEvents: -1 }, { maxAgeMs: 1.5 }])
      await expect(after.trim(rule)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('opening a stream', () => {
  it('is by URL with a topic, apart from the store of the same prefix and from other topics', async () => {
    const prefix = ownPrefix(serverUrl(), onEnd)
    const url = `${serverUrl()}?prefix=${prefix}`
    const missing = await refusedWith(() => openUrl(`${url}&topic=orders`))
    expect(missing).toMatchObject({ code: 'STORE_MISSING' })
    const stream = await openUrl(`${url}&topic=orders`, { create: true, partitions: 2 })
    onEnd(() => stream.close())
    const other = await openUrl(`${url}&topic=invoices`, { create: true })
    onEnd(() => other.close())
    const store = await openUrl(url, { create: true })
    onEnd(() => store.close())
    expect([stream, other, store].map(({ capabilities }) => capabilities.stream)).toEqual([
      'native',
      'native',
      'derived',
    ])
    await stream.stream.publish(event(1))
    const handlers = (): void => undefined
    expect(await other.stream.runOnce({ group: 'g', handlers, budgetMs: 5000 })).toMatchObject({ handled: 0 })
    expect(await stream.stream.runOnce({ group: 'g', handlers, budgetMs: 5000 })).toMatchObject({
      handled: 1,
    })
    for (const wrong of [`${url}&topic=a{b}`, `${url}&topic=`])
      await expect(openUrl(wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(redisStream.connect(url)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(redis.connect(`${url}&topic=orders`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    const partitions = await refusedWith(() => openUrl(`${url}&topic=orders`, { partitions: 4 }))
    expect(partitions).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
  })
})
