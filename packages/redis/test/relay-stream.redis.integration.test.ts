import { startFaultProxy } from '@eventspine/servers'
import { describe, expect, it } from 'vitest'
import { serverUrl } from './backend.ts'
import { event, handledBy, numbersTo, ownStreams, topic } from './own-stream.ts'
import { useEnds } from './server.ts'

const onEnd = useEnds()
const { openStream, rawClient } = ownStreams(onEnd)

describe('a relay into several partitions', () => {
  const source = { relay: 'r', incarnation: '0123456789abcdef', partition: 0, partitions: 1 }

  /** Events of a store in memory, which a relay reads. */
  async function openSource() {
    const { memory } = await import('@eventspine/memory')
    const store = memory()
    onEnd(() => store.close())
    for (const number of numbersTo(60)) await store.store.append(`order:${number % 12}`, [event(number)])
    const incarnation = store.store.incarnation
    const page = async (after: string | undefined, limit: number) => {
      for await (const slice of store.store.feed({ after, limit, pageSize: limit }).slices()) return slice
      throw new Error('the feed has nothing')
    }
    return { page, request: { ...source, incarnation } }
  }

  it('goes on behind what every slot has, and doubles nothing that some had already, when a write breaks off', async () => {
    const proxy = await startFaultProxy(serverUrl())
    onEnd(() => proxy.close())
    const { stream: direct, prefix } = await openStream({ partitions: 4 })
    const { stream } = await openStream({ prefix }, proxy.url)
    const { page, request } = await openSource()
    let session = await stream.stream.openRelay(request)
    let broken = 0
    for (;;) {
      const slice = await page(session.position, 10).catch(() => undefined)
      if (slice === undefined) break
      if (broken < 4 && session.position !== undefined) {
        broken++
        // At the first of the replies to the calls for the four slots.
        proxy.loseReply({ containing: 'order:' }).catch(() => undefined)
      }
      try {
        await session.write(
          slice.events.map((found) => ({ event: found })),
          slice.next,
        )
        if (slice.atEnd) break
      } catch (error) {
        expect(error).toMatchObject({ outcome: 'unknown' })
        session = await stream.stream.openRelay(request)
      }
    }
    expect(broken).toBe(4)
    const handled = await handledBy(direct, 'reader')
    expect(handled.map(({ data }) => Number(data)).toSorted((a, b) => a - b)).toEqual(numbersTo(60))
  })

  it('goes back to where a slot has lost what it had, and doubles nothing in the others', async () => {
    const { stream, prefix } = await openStream({ partitions: 4 })
    const { page, request } = await openSource()
    const session = await stream.stream.openRelay(request)
    const all = await page(undefined, 60)
    const write = (after: typeof session) =>
      after.write(
        all.events.map((found) => ({ event: found })),
        all.next,
      )
    await write(session)
    const client = rawClient()
    const lost = await client.keys(`{${prefix}~${topic}:2}:*`)
    expect(lost.length).toBeGreaterThan(1)
    await client.del(...lost)
    const again = await stream.stream.openRelay(request)
    // The start, which is another answer than that nothing was ever written.
    expect(again.position).toBe(`${request.incarnation}.0.0.`)
    await write(again)
    const handled = await handledBy(stream, 'reader')
    expect(handled.map(({ data }) => Number(data)).toSorted((a, b) => a - b)).toEqual(numbersTo(60))
    await expect(write(session)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })
})
