import { type ConsumerNotice, type NewEvent, partitionOf } from '@eventspine/core'
import { expect, it, vi } from 'vitest'
import { memory, MemoryDatabase } from '../src/index.ts'

const PARTITIONS = 2
const STREAMS = [0, 1].map((partition) => {
  const candidates = Array.from({ length: 20 }, (_, index) => `counter:${index}`)
  return candidates.find((streamId) => partitionOf(streamId, PARTITIONS) === partition) ?? ''
})
const event: NewEvent = { type: 'Counted', data: 1 }

it('knows what another member handled of a partition that it gave away and got back', async () => {
  const database = new MemoryDatabase({ partitions: PARTITIONS })
  const join = async () => {
    const backend = memory({ database })
    const owned: number[] = []
    const member = await backend.stream.subscribe({
      group: 'shared',
      leaseMs: 300,
      pollMs: { min: 1, max: 10 },
      handlers: () => undefined,
      onNotice: (notice: ConsumerNotice) => {
        if (notice.kind === 'owned') owned.push(notice.partition)
      },
    })
    return { backend, member, owned }
  }
  const append = async (backend: ReturnType<typeof memory>): Promise<string> => {
    const tokens: string[] = []
    for (const streamId of STREAMS) tokens.push((await backend.store.append(streamId, [event])).token)
    return tokens.join(',')
  }
  const first = await join()
  await first.member.caughtUpTo(await append(first.backend), { timeoutMs: 10_000 })
  const second = await join()
  await vi.waitUntil(() => second.owned.length > 0, { timeout: 10_000, interval: 5 })
  const token = await append(second.backend)
  await second.member.caughtUpTo(token, { timeoutMs: 10_000 })
  await second.backend.close()
  await vi.waitUntil(() => first.owned.length > PARTITIONS, { timeout: 10_000, interval: 5 })
  // The other member left nothing to handle.
  await first.member.caughtUpTo(token, { timeoutMs: 5000 })
  expect((await first.member.lag()).map(({ events }) => events)).toEqual([0, 0])
  await first.backend.close()
}, 45_000)
