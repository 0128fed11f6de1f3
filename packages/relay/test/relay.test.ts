import { createBackend, type RecordedEvent } from '@eventspine/core'
import { memory, memoryAdapter, MemoryDatabase, MemoryLogDatabase, memoryStream } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { relay, relayOnce, type RelayOptions } from '../src/index.ts'
import { data, eventually, events, failure, pair, start } from './set-up.ts'
import { readLogEvents } from '@eventspine/conformance'

describe('a relay', { timeout: 30_000 }, () => {
  it('moves what is there and what comes, in order, each event with its id, version, time and origin', async () => {
    const { source, target } = pair({ partitions: 4, targetPartitions: 2 })
    await target.stream.publish({ type: 'Other', data: 0, streamId: 'other:1' })
    const recorded: RecordedEvent[] = []
    for (let stream = 0; stream < 10; stream++) await source.store.append(`counter:${stream}`, events(5))
    const { running } = start(source, target, { batchEvents: 7 })
    let token = ''
    for (let stream = 0; stream < 10; stream++)
      token = (await source.store.append(`counter:${stream}`, events(5, 6))).token
    await running.caughtUpTo(token)
    await running.stop()
    for (let stream = 0; stream < 10; stream++)
      recorded.push(...(await source.store.read(`counter:${stream}`).toArray()))
    const relayed = await readLogEvents(target)
    expect(relayed).toHaveLength(101)
    for (const event of recorded) {
      const copy = relayed.find(({ id }) => id === event.id)
      expect(copy?.toJSON()).toEqual({
        ...event.toJSON(),
        position: copy?.position,
        origin: { position: event.position, streamPosition: event.streamPosition },
      })
    }
    for (let stream = 0; stream < 10; stream++) {
      const own = relayed.filter(({ streamId }) => streamId === `counter:${stream}`)
      expect(own.map((event) => event.data)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    }
  })

  it('goes on where it was after a stop, and after it was never stopped at all', async () => {
    const { source, target } = pair()
    await source.store.append('counter:1', events(3))
    expect(await relayOnce(source, target, { name: 'r', budgetMs: 5000 })).toEqual({
      relayed: 3,
      caughtUp: true,
      ownedElsewhere: [],
    })
    expect(await relayOnce(source, target, { name: 'r', budgetMs: 5000 })).toMatchObject({ relayed: 0 })
    await source.store.append('counter:1', events(2, 4))
    expect(await relayOnce(source.store, target.stream, { name: 'r', budgetMs: 5000 })).toMatchObject({
      relayed: 2,
    })
    expect(await data(target)).toEqual([1, 2, 3, 4, 5])
  })

  it('runs beside others of its source and target under a name of its own', async () => {
    const { source, target } = pair()
    await source.store.append('counter:1', events(3))
    await relayOnce(source, target, { name: 'a', budgetMs: 5000 })
    await relayOnce(source, target, { name: 'b', budgetMs: 5000 })
    expect(await data(target)).toEqual([1, 2, 3, 1, 2, 3])
  })

  it('begins at the end or at a token, and remembers it though nothing was written', async () => {
    const { source, target } = pair()
    const { token } = await source.store.append('counter:1', events(3))
    await source.store.append('counter:1', events(2, 4))
    await relayOnce(source, target, { name: 'end', startFrom: 'end', budgetMs: 5000 })
    await source.store.append('counter:1', events(1, 6))
    await relayOnce(source, target, { name: 'end', startFrom: 'end', budgetMs: 5000 })
    expect(await data(target)).toEqual([6])
    await relayOnce(source, target, { name: 'token', startFrom: token, budgetMs: 5000 })
    expect(await data(target)).toEqual([6, 4, 5, 6])
  })

  it('passes over what the filter refuses, changes what the map says, and keeps the id', async () => {
    const { source, target } = pair({ targetPartitions: 8 })
    const { token } = await source.store.append('counter:1', events(6))
    const { running } = start(source, target, {
      filter: (event) => Number(event.data) % 2 === 0,
      map: (event) =>
        event.data === 4
          ? { streamId: 'public:1', type: 'Told', data: { number: 4 }, metadata: { by: 'relay' } }
          : undefined,
    })
    await running.caughtUpTo(token)
    const source4 = (await source.store.read('counter:1', { from: 4, to: 4 }).toArray())[0]
    const relayed = await readLogEvents(target)
    expect(relayed.map((event) => event.data)).toEqual(expect.arrayContaining([2, 6, { number: 4 }]))
    expect(relayed).toHaveLength(3)
    expect(relayed.find(({ type }) => type === 'Told')).toMatchObject({
      id: source4?.id,
      streamId: 'public:1',
      metadata: { by: 'relay' },
      origin: { position: source4?.position },
    })
  })

  it('remembers from time to time how far it is in events that are all passed over', async () => {
    const { source } = pair()
    const log = new MemoryLogDatabase()
    const written = () => [...log.relays.values()][0]?.progress.get(0)?.position?.sequence
    const { token } = await source.store.append('counter:1', events(5))
    const { running } = start(source, memoryStream({ database: log }), {
      filter: () => false,
      positionMs: 60_000,
    })
    await running.caughtUpTo(token)
    expect(written()).toBeUndefined()
    await running.stop()
    expect(written()).toBe(5)
    const { running: frequent } = start(source, memoryStream({ database: log }), {
      filter: () => false,
      positionMs: 5,
    })
    const { token: second } = await source.store.append('counter:1', events(5, 6))
    await frequent.caughtUpTo(second)
    // Without another event: the place is written down by itself.
    await eventually(() => written() === 10)
  })

  it('ends when its filter or its map fails: passing over the event would lose it', async () => {
    const { source, target } = pair()
    await source.store.append('counter:1', events(3))
    for (const options of [
      {
        filter: () => {
          throw new Error('no')
        },
      },
      {
        // What the compiler refuses, JavaScript would take for true.
        filter: (() => Promise.resolve(false)) as unknown as () => boolean,
      },
    ]) {
      const { running, notices } = start(source, target, options)
      expect(await failure(running)).toBe('CONSUMER_STOPPED')
      expect(notices.at(-1)).toMatchObject({ kind: 'ended', error: { code: 'CONSUMER_STOPPED' } })
    }
    expect(await data(target)).toEqual([])
  })

  it('writes slices in parts that the target takes, and ends at an event that is too large for it', async () => {
    const { source, target } = pair()
    const large = 'x'.repeat(5 * 1024 * 1024)
    for (let part = 0; part < 5; part++)
      await source.store.append('counter:1', [{ type: 'Large', data: large }])
    const { running } = start(source, target)
    const { token } = await source.store.append('counter:1', events(1))
    await running.caughtUpTo(token)
    expect(await readLogEvents(target)).toHaveLength(6)
    const { running: mapping } = start(source, target, {
      name: 'larger',
      map: (event) => (event.data === 1 ? { data: large.repeat(4) } : undefined),
    })
    expect(await failure(mapping)).toBe('LIMIT_EXCEEDED')
    expect(await readLogEvents(target)).toHaveLength(6)
  })

  it('relays what was published on a store without the place where it is kept', async () => {
    const { source, target } = pair()
    await source.stream.publish({ type: 'Told', data: 1, streamId: 'news:1' })
    await relayOnce(source, target, {
      name: 'r',
      budgetMs: 5000,
      filter: ({ streamId }) => streamId === 'news:1',
    })
    expect((await readLogEvents(target)).map(({ streamId }) => streamId)).toEqual(['news:1'])
  })

  it('refuses bad options and what it cannot read or write', async () => {
    const { source, target } = pair()
    const bad: readonly (readonly [string, Partial<RelayOptions>])[] = [
      ['name', { name: '' }],
      ['partitions[0]', { partitions: [1] }],
      ['partitions', { partitions: [] }],
      ['batchEvents', { batchEvents: 0 }],
      ['leaseMs', { leaseMs: 5 }],
      ['pollMs.max', { pollMs: { min: 5, max: 4 } }],
      ['startFrom', { startFrom: 'middle' }],
    ]
    for (const [field, options] of bad) {
      expect(() => relay(source, target, { name: 'r', ...options })).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
      )
    }
    expect(() => relay(target, target, { name: 'r' })).toThrow(/no event store/)
    const { running } = start(source, source)
    expect(await failure(running)).toBe('NOT_SUPPORTED')
    const { running: long } = start(source, target, { name: 'n'.repeat(101) })
    expect(await failure(long)).toBe('INVALID_ARGUMENT')
  })

  it('tells how far it is behind', async () => {
    const { source, target, targetFaults } = pair()
    const release = targetFaults.hold('relayWrite')
    const { token } = await source.store.append('counter:1', events(5))
    const { running, noticed } = start(source, target)
    await noticed('owned')
    expect(await running.lag()).toEqual([{ partition: 0, events: 5, position: undefined, owned: true }])
    await expect(running.caughtUpTo(token, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    release()
    await running.caughtUpTo(token)
    expect(await running.lag()).toEqual([{ partition: 0, events: 0, position: token, owned: true }])
    await running.stop()
    expect(await running.lag()).toEqual([{ partition: 0, events: 0, position: token, owned: false }])
    const { token: later } = await source.store.append('counter:1', events(1, 6))
    await expect(running.caughtUpTo(later)).rejects.toMatchObject({ code: 'CONSUMER_STOPPED' })
  })

  it('reads ahead one batch and no more while a write is under way', async () => {
    const database = new MemoryDatabase()
    const source = memory({ database })
    const { target, targetFaults } = pair()
    for (let batch = 0; batch < 10; batch++) await source.store.append('counter:1', events(10, batch * 10))
    let reads = 0
    const release = targetFaults.hold('relayWrite')
    const adapter = memoryAdapter({ database })
    const { store } = adapter
    if (store === undefined) throw new Error('memory has a store')
    const doReadFeed: typeof store.doReadFeed = (request) => {
      reads++
      return store.doReadFeed(request)
    }
    const counted = createBackend({ ...adapter, store: { ...store, doReadFeed } })
    const { running, noticed } = start(counted, target, { batchEvents: 10 })
    await noticed('owned')
    await eventually(() => reads === 2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(reads).toBe(2)
    release()
    await running.caughtUpTo(await source.store.feedHead())
    expect(await readLogEvents(target)).toHaveLength(100)
  })

  it('stops in the middle of a write that is never answered, and says so', async () => {
    const { source, target, targetFaults } = pair()
    await source.store.append('counter:1', events(5))
    const release = targetFaults.hold('relayWrite')
    const { running, noticed } = start(source, target)
    await noticed('owned')
    await expect(running.stop({ timeoutMs: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      outcome: 'unknown',
    })
    release()
    await running.stop()
  })

  it('ends by its signal', async () => {
    const { source, target } = pair()
    const controller = new AbortController()
    const { running, noticed } = start(source, target, { signal: controller.signal })
    await noticed('owned')
    controller.abort()
    await running.completed
  })
})
