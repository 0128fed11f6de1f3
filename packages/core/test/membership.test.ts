import { setImmediate } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import type { CheckpointOwner } from '../src/consumer/checkpoint.ts'
import type { ConsumerOptions } from '../src/consumer/consumer-options.ts'
import { Membership } from '../src/consumer/membership.ts'

it('leaves a group after what it was telling of itself, one at a time, so that nothing enters it again', async () => {
  const calls: string[] = []
  let answer = (): void => undefined
  const slow = new Promise<void>((resolve) => {
    answer = resolve
  })
  const collection = {
    put: async () => {
      calls.push('put')
      if (calls.length > 1) await slow
      calls.push('written')
    },
    delete: async () => void calls.push('delete'),
    // Nobody else is in the group.
    list: async function* () {},
  }
  const documents = { capabilities: { listing: 'ordered', expiry: true }, collection: () => collection }
  const owner = { documents, borrowedFor: undefined } as unknown as CheckpointOwner // All that is used of it.
  const options = { group: 'g', partitions: [0, 1], leaseMs: 3, notify: () => undefined }
  const membership = new Membership(owner, options as unknown as ConsumerOptions, 'm') // All that is used of them.
  await membership.join(new AbortController().signal, false)
  await vi.waitUntil(() => calls.length === 3, { timeout: 60_000 })
  const left = membership.leave()
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  expect(calls).toEqual(['put', 'written', 'put'])
  answer()
  await left
  expect(calls).toEqual(['put', 'written', 'put', 'written', 'delete'])
})
