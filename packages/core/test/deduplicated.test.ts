import { describe, expect, it } from 'vitest'
import { memoryStream } from '../../memory/src/index.ts'
import { deduplicated, type EventStream, type Handler } from '../src/index.ts'

const event = (data: number, id = crypto.randomUUID()) => ({
  type: 'Counted',
  data,
  id,
  streamId: 'counter:1',
})

const consume = (stream: EventStream, handlers: Handler, group = 'g') =>
  stream.runOnce({ group, handlers, budgetMs: 5000, onNotice: () => undefined })

describe('a handler that passes over duplicates', () => {
  it('handles an event once that was published twice, also when it comes in a later run', async () => {
    await using backend = memoryStream({ partitions: 2 })
    const handled: unknown[] = []
    const handler = deduplicated(({ data }) => void handled.push(data))
    const first = event(1)
    await backend.stream.publish([first, event(2)])
    await backend.stream.publish(first)
    await consume(backend.stream, handler)
    await backend.stream.publish([first, event(3)])
    await consume(backend.stream, handler)
    expect(handled).toEqual([1, 2, 3])
  })

  it('remembers the latest ids of each partition, and no more than asked for', async () => {
    await using backend = memoryStream()
    const handled: unknown[] = []
    const handler = deduplicated(({ data }) => void handled.push(data), { windowEvents: 2 })
    const [one, two, three] = [event(1), event(2), event(3)]
    for (const published of [one, two, two, three, two, one]) await backend.stream.publish(published)
    await consume(backend.stream, handler)
    expect(handled).toEqual([1, 2, 3, 1])
    expect(() => deduplicated(() => undefined, { windowEvents: 0 })).toThrow(/windowEvents/)
  })

  it('hands an event that failed to the handler again', async () => {
    await using backend = memoryStream()
    let tries = 0
    await backend.stream.publish(event(1))
    const result = await consume(
      backend.stream,
      deduplicated(() => {
        tries++
        if (tries < 3) throw new Error('not yet')
      }),
    )
    expect({ tries, handled: result.handled }).toEqual({ tries: 3, handled: 1 })
  })

  it('lets a second delivery wait for the first that is under way', async () => {
    await using backend = memoryStream()
    await backend.stream.publish(event(1))
    let runs: ReturnType<typeof consume>[] = []
    let tries = 0
    let finish = (): void => undefined
    const handler = deduplicated(async () => {
      tries++
      await new Promise<void>((resolve) => (finish = resolve))
    })
    let entered = 0
    const both = new Promise<void>((resolve) => {
      const entering: Handler = (found, context) => {
        entered++
        if (entered === 2) resolve()
        return handler(found, context)
      }
      runs = ['one', 'two'].map((group) => consume(backend.stream, entering, group))
    })
    await both
    finish()
    expect((await Promise.all(runs)).map(({ handled }) => handled)).toEqual([1, 1])
    expect(tries).toBe(1)
  })

  it('refuses effects that are undone together with the checkpoint', async () => {
    await using backend = memoryStream()
    await backend.stream.publish(event(1))
    const notices: unknown[] = []
    await backend.stream.runOnce({
      group: 'g',
      effects: 'exactly-once',
      handlers: deduplicated(() => undefined),
      budgetMs: 5000,
      retry: { attempts: 1 },
      onNotice: (notice) => void notices.push(notice),
    })
    expect(notices).toContainEqual(
      expect.objectContaining({ kind: 'park', error: expect.objectContaining({ code: 'NOT_SUPPORTED' }) }),
    )
  })
})
