import { type Backend, EventStoreError, type PublishEvent, type RecordedEvent } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { Faults, memoryStream, MemoryLogDatabase, openUrl } from '../src/index.ts'

const event = (data: number, streamId = 'counter:1'): PublishEvent => ({ type: 'Counted', data, streamId })

async function consume(backend: Backend<undefined>, group: string, options: { readonly fail?: number } = {}) {
  const handled: RecordedEvent[] = []
  const result = await backend.stream.runOnce({
    group,
    budgetMs: 5000,
    retry: { attempts: 1 },
    onNotice: () => undefined,
    handlers: (found) => {
      if (found.data === options.fail) throw new Error('poison')
      handled.push(found)
    },
  })
  return { handled, result }
}

describe('a native stream in memory', () => {
  it('gives every group all events in order, with positions that rise within a stream', async () => {
    await using backend = memoryStream({ partitions: 4 })
    const { token } = await backend.stream.publish(
      Array.from({ length: 40 }, (_, index) => event(index, `counter:${index % 5}`)),
    )
    for (const group of ['one', 'two']) {
      const { handled, result } = await consume(backend, group)
      expect(result).toMatchObject({ handled: 40, caughtUp: true })
      for (let stream = 0; stream < 5; stream++) {
        const own = handled.filter(({ streamId }) => streamId === `counter:${stream}`)
        expect(own.map(({ data }) => data)).toEqual(
          Array.from({ length: 8 }, (_, index) => index * 5 + stream),
        )
        const positions = own.map(({ streamPosition }) => streamPosition)
        expect(positions).toEqual(positions.toSorted((a, b) => a - b))
      }
    }
    expect(token.split(',').length).toBeGreaterThan(1)
  })

  it('has no store, and says so', async () => {
    await using backend = memoryStream()
    await expect(backend.store.append('counter:1', [event(1)])).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    })
    await expect(backend.transaction(async () => undefined)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  it('wakes a waiting consumer when something is published', async () => {
    await using backend = memoryStream()
    let wake = (): void => undefined
    const handled = new Promise<void>((resolve) => (wake = resolve))
    await using _ = await backend.stream.subscribe({
      group: 'g',
      pollMs: { min: 60_000, max: 60_000 },
      handlers: () => wake(),
    })
    await backend.stream.publish(event(1))
    await handled
  })

  it('keeps, when trimmed, what a group has not seen, and drops it when told so: its position has expired', async () => {
    const database = new MemoryLogDatabase()
    await using backend = memoryStream({ database })
    await backend.stream.publish([event(1), event(2)])
    await consume(backend, 'g')
    await backend.stream.publish([event(3), event(4)])
    expect(database.trim(0, Infinity)).toBe(3)
    expect((await consume(backend, 'g')).handled.map(({ data }) => data)).toEqual([3, 4])
    expect(database.trim(0, Infinity)).toBe(5)
    await backend.stream.publish([event(5), event(6)])
    expect(database.trim(0, 6, { force: true })).toBe(6)
    await expect(consume(backend, 'g')).rejects.toMatchObject({ code: 'POSITION_EXPIRED' })
    expect((await consume(backend, 'new')).handled.map(({ data }) => data)).toEqual([6])
  })

  it('keeps, when trimmed, what waits in a parked stream', async () => {
    const database = new MemoryLogDatabase()
    await using backend = memoryStream({ database })
    await backend.stream.publish([event(1), event(2, 'counter:bad'), event(3), event(4, 'counter:bad')])
    await consume(backend, 'g', { fail: 2 })
    // A call's events are sorted by their streams.
    expect(database.trim(0, Infinity)).toBe(3)
    await backend.stream.group('g').replay('counter:bad')
    expect((await consume(backend, 'g')).handled.map(({ data }) => data)).toEqual([2, 4])
    expect(database.trim(0, Infinity)).toBe(5)
  })

  it('ends a replay of what was dropped by force with an error, not with silence', async () => {
    const database = new MemoryLogDatabase()
    await using backend = memoryStream({ database })
    await backend.stream.publish([event(1), event(2, 'counter:bad'), event(3), event(4, 'counter:bad')])
    await consume(backend, 'g', { fail: 2 })
    database.trim(0, 4, { force: true })
    await backend.stream.group('g').replay('counter:bad')
    await expect(consume(backend, 'g')).rejects.toMatchObject({ code: 'POSITION_EXPIRED' })
  })

  it('retains as many events as asked for, and more while a group needs them', async () => {
    const database = new MemoryLogDatabase({ retention: { events: 3 } })
    await using backend = memoryStream({ database })
    const publish = async (from: number, count: number) => {
      for (let data = from; data < from + count; data++) await backend.stream.publish(event(data))
    }
    await publish(1, 5)
    expect(database.partition(0).firstKept).toBe(3)
    await consume(backend, 'g')
    await publish(6, 10)
    expect(database.partition(0).firstKept).toBe(6)
    expect((await consume(backend, 'g')).handled).toHaveLength(10)
    await publish(16, 1)
    expect(database.partition(0).firstKept).toBe(14)
    expect(() => new MemoryLogDatabase({ retention: { events: -1 } })).toThrow(/retention.events/)
  })

  it('resumes at the end of a partition that was trimmed as a whole', async () => {
    const database = new MemoryLogDatabase()
    await using backend = memoryStream({ database })
    await backend.stream.publish([event(1), event(2)])
    await consume(backend, 'g')
    database.trim(0, Infinity)
    expect((await consume(backend, 'g')).handled).toEqual([])
    await backend.stream.publish(event(3))
    expect((await consume(backend, 'g')).handled.map(({ data }) => data)).toEqual([3])
  })

  it('finds that another history stands where a group was', async () => {
    const before = new MemoryLogDatabase()
    await using backend = memoryStream({ database: before })
    await backend.stream.publish([event(1), event(2)])
    await consume(backend, 'g')
    const { entries } = before.partition(0)
    entries.splice(1)
    before.partition(0).last = { sequence: 1, id: entries[0]?.id }
    await expect(consume(backend, 'g')).rejects.toMatchObject({ code: 'FEED_DIVERGED' })
    await backend.stream.publish(event(9))
    await expect(consume(backend, 'g')).rejects.toMatchObject({ code: 'FEED_DIVERGED' })
  })

  it('is shared under its name and topic, apart from the store of that name', async () => {
    const name = `n${crypto.randomUUID()}`
    await using one = await openUrl(`memory:${name}?topic=orders`, { partitions: 2 })
    await using two = await openUrl(`memory:${name}?topic=orders`)
    await using other = await openUrl(`memory:${name}?topic=invoices`)
    await using store = await openUrl(`memory:${name}`)
    expect([one, store].map(({ capabilities }) => capabilities.stream)).toEqual(['native', 'derived'])
    await one.stream.publish(event(1))
    expect((await consume(two, 'g')).handled).toHaveLength(1)
    expect((await consume(other, 'g')).handled).toHaveLength(0)
    expect((await openUrl('memory:?topic=orders')).capabilities.stream).toBe('native')
    for (const url of ['memory:a?topic=', 'memory:a?other=b', 'memory:a?topic=b&c=d', 'memory:a/b'])
      await expect(openUrl(url)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('faults of a native stream', () => {
  it('lose the reply to a publish: unknown, and publishing again doubles', async () => {
    const faults = new Faults()
    await using backend = memoryStream({ faults })
    const published = { ...event(1), id: crypto.randomUUID() }
    faults.failAfter('publish')
    const error: unknown = await backend.stream.publish(published).catch((thrown: unknown) => thrown)
    expect(EventStoreError.is(error) && error.outcome).toBe('unknown')
    await backend.stream.publish(published)
    expect((await consume(backend, 'g')).handled).toHaveLength(2)
    faults.failBefore('publish')
    await expect(backend.stream.publish(event(2))).rejects.toMatchObject({ outcome: 'not-applied' })
    expect((await consume(backend, 'g')).handled).toHaveLength(0)
  })
})
