import { eventually } from '@eventspine/conformance'
import type { PublishEvent, SubscribeOptions } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { redisStream } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, ownPrefix, useEnds } from './server.ts'

const onEnd = useEnds()
const group = 'workers'
const ordering = 'none'

const event = (number: number): PublishEvent => ({ type: 'Counted', data: number, streamId: 'order:1' })

async function openLog() {
  const prefix = ownPrefix(serverUrl(), onEnd)
  const stream = await redisStream.connect(serverUrl(), { prefix, topic: 't', create: true })
  onEnd(() => stream.close())
  const client = clientOf(serverUrl())
  onEnd(() => client.disconnect())
  return { stream, client, log: `{${prefix}~t:0}:log` }
}

const quiet: Pick<SubscribeOptions, 'onNotice' | 'leaseMs'> = { onNotice: () => undefined, leaseMs: 400 }

describe('a consumer group of Redis behind a group without order', () => {
  it('has no entry pending and no member left after orderly stops, so nothing grows for good', async () => {
    const { stream, client, log } = await openLog()
    await stream.stream.publish([event(1), event(2), event(3)])
    for (let run = 0; run < 3; run++) {
      await stream.stream.runOnce({ ...quiet, group, ordering, handlers: () => undefined, budgetMs: 5000 })
    }
    expect(await client.xpending(log, group)).toEqual([0, null, null, null])
    expect(await client.xinfo('CONSUMERS', log, group)).toEqual([])
  })

  it('gives entries of a dead member to a busy group too, oldest or not, with how often they were handed out', async () => {
    const { stream, client, log } = await openLog()
    const handled = new Map<number, number>()
    const first = await stream.stream.subscribe({
      ...quiet,
      group,
      ordering,
      handlers: ({ data }, { attempt }) => void handled.set(Number(data), attempt),
    })
    await eventually('the group is there', async () => (await client.exists(log)) === 1, 5000)
    await first.stop()
    await stream.stream.publish(Array.from({ length: 30 }, (_, index) => event(index + 1)))
    await client.xreadgroup('GROUP', group, 'dead', 'COUNT', 25, 'STREAMS', log, '>')
    const member = await stream.stream.subscribe({
      ...quiet,
      group,
      ordering,
      concurrency: 2,
      handlers: ({ data }, { attempt }) => void handled.set(Number(data), attempt),
    })
    // A stream that never rests must not keep the dead member's entries waiting.
    let number = 30
    await eventually(
      'the entries of the dead member are handled',
      async () => {
        await stream.stream.publish(event(++number))
        return handled.has(1) && handled.has(25)
      },
      20_000,
    )
    await member.stop()
    expect([handled.get(1), handled.get(25), handled.get(26)]).toEqual([2, 2, 1])
  })

  it('parks an event that ended its consumers too often, without handing it to one more', async () => {
    const { stream, client, log } = await openLog()
    await stream.stream.publish([event(1), event(2)])
    await client.xgroup('CREATE', log, group, '0')
    await client.xreadgroup('GROUP', group, 'dead', 'COUNT', 1, 'STREAMS', log, '>')
    await client.call('xclaim', log, group, 'dead', 0, '1-0', 'IDLE', 60_000, 'RETRYCOUNT', 3, 'JUSTID')
    const handled: number[] = []
    await stream.stream.runOnce({
      ...quiet,
      group,
      ordering,
      retry: { attempts: 3 },
      handlers: ({ data }) => void handled.push(Number(data)),
      budgetMs: 5000,
    })
    expect(handled).toEqual([2])
    const operator = stream.stream.group(group, { ordering })
    expect(await operator.parked()).toMatchObject([{ streamPosition: 1, attempts: 3 }])
    await operator.replay('order:1')
    await stream.stream.runOnce({
      ...quiet,
      group,
      ordering,
      handlers: ({ data }, { attempt }) => void handled.push(Number(data), attempt),
      budgetMs: 5000,
    })
    expect(handled).toEqual([2, 1, 1])
  })

  it('ends with FEED_DIVERGED when the group was removed under it, and does not begin anew in silence', async () => {
    const { stream, client, log } = await openLog()
    const subscription = await stream.stream.subscribe({
      ...quiet,
      group,
      ordering,
      pollMs: { min: 10, max: 100 },
      handlers: () => undefined,
    })
    await eventually('the group is there', async () => (await client.exists(log)) === 1, 5000)
    await client.xgroup('DESTROY', log, group)
    await expect(subscription.completed).rejects.toMatchObject({ code: 'FEED_DIVERGED' })
  })
})
