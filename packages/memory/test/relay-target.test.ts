import { type Backend, EventStoreError, type FeedSlice, type RelaySession } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { Faults, memory, memoryStream } from '../src/index.ts'

async function source(partitions = 1) {
  const backend = memory({ partitions })
  await backend.store.append(
    'counter:1',
    [1, 2, 3, 4].map((data) => ({ type: 'Counted', data })),
  )
  return { backend, slices: await slicesOf(backend) }
}

async function slicesOf({ store }: Backend): Promise<readonly FeedSlice[]> {
  const slices: FeedSlice[] = []
  for await (const slice of store.feed({ pageSize: 2 }).slices()) slices.push(slice)
  return slices
}

const request = ({ store }: Backend, relay = 'r') => ({
  relay,
  incarnation: store.incarnation,
  partition: 0,
  partitions: store.partitions,
})

async function write(session: RelaySession, slice: FeedSlice | undefined): Promise<void> {
  if (slice === undefined) throw new Error('the source has fewer slices')
  const events = slice.events.map((event) => ({ event }))
  await session.write(events, slice.next)
}

async function written(target: Backend<undefined>) {
  const found: (readonly [unknown, number, boolean])[] = []
  await target.stream.runOnce({
    group: crypto.randomUUID(),
    budgetMs: 5000,
    handlers: ({ data, streamPosition, origin }) =>
      void found.push([data, streamPosition, origin !== undefined]),
  })
  return found
}

describe('a relay’s session with memory', () => {
  it('writes events with their origin and version, and remembers the place they came from', async () => {
    const { backend, slices } = await source()
    await using target = memoryStream()
    await target.stream.publish({ type: 'Counted', data: 0, streamId: 'other:1' })
    const session = await target.stream.openRelay(request(backend))
    expect(session.position).toBeUndefined()
    await write(session, slices[0])
    expect(session.position).toBe(slices[0]?.next)
    await session.close()
    const next = await target.stream.openRelay(request(backend))
    expect(next.position).toBe(slices[0]?.next)
    await write(next, slices[1])
    expect(await written(target)).toEqual([
      [0, 1, false],
      [1, 1, true],
      [2, 2, true],
      [3, 3, true],
      [4, 4, true],
    ])
  })

  it('fences the earlier sessions of the same relay and partition, and no others', async () => {
    const { backend, slices } = await source()
    await using target = memoryStream()
    const first = await target.stream.openRelay(request(backend))
    const other = await target.stream.openRelay(request(backend, 'other'))
    const second = await target.stream.openRelay(request(backend))
    await expect(write(first, slices[0])).rejects.toMatchObject({
      code: 'LEASE_LOST',
      outcome: 'not-applied',
    })
    expect(await written(target)).toEqual([])
    await write(second, slices[0])
    await write(other, slices[0])
    expect(await written(target)).toHaveLength(4)
  })

  it('refuses a source with another partition count', async () => {
    const { backend } = await source()
    await using target = memoryStream()
    await target.stream.openRelay(request(backend))
    await expect(
      target.stream.openRelay({ ...request(backend), partition: 1, partitions: 2 }),
    ).rejects.toMatchObject({ code: 'STORE_INCOMPATIBLE' })
  })

  it('moves the position without events', async () => {
    const { backend, slices } = await source()
    await using target = memoryStream()
    const session = await target.stream.openRelay(request(backend))
    await session.write([], slices[1]?.next ?? '')
    expect((await target.stream.openRelay(request(backend))).position).toBe(slices[1]?.next)
    expect(await written(target)).toEqual([])
  })

  it('fails at every step by name: before, nothing was written; after, the next session tells what was', async () => {
    const { backend, slices } = await source()
    const faults = new Faults()
    await using target = memoryStream({ faults })
    faults.failBefore('openRelay')
    await expect(target.stream.openRelay(request(backend))).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    const session = await target.stream.openRelay(request(backend))
    faults.failBefore('relayWrite')
    await expect(write(session, slices[0])).rejects.toMatchObject({ outcome: 'not-applied' })
    expect((await target.stream.openRelay(request(backend))).position).toBeUndefined()
    const next = await target.stream.openRelay(request(backend))
    faults.failAfter('relayWrite')
    const error: unknown = await write(next, slices[0]).catch((thrown: unknown) => thrown)
    expect(EventStoreError.is(error) && error.outcome).toBe('unknown')
    expect((await target.stream.openRelay(request(backend))).position).toBe(slices[0]?.next)
    faults.failBefore('relayClose')
    await expect(next.close()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(await written(target)).toHaveLength(2)
  })
})
