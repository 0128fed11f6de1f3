import assert from 'node:assert/strict'
import type { Backend, SubscribeOptions } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { sampleEvent } from '../sample-events.ts'

const handlers = (): void => undefined

/** Options that are no options, with the field that the refusal has to name. */
const bad: readonly (readonly [field: string, options: Record<string, unknown>])[] = [
  ['group', { group: '' }],
  ['group', { group: undefined }],
  ['group', { group: 7 }],
  ['group', { group: 'g'.repeat(101) }],
  ['group', { group: 'two\nlines' }],
  ['group', { group: '\ud800' }],
  ['partitions', { partitions: [] }],
  ['partitions', { partitions: 'all' }],
  ['partitions[1]', { partitions: [0, 4] }],
  ['partitions[0]', { partitions: [-1] }],
  ['effects', { effects: 'sometimes' }],
  ['concurrency', { concurrency: 0 }],
  ['concurrency', { concurrency: 1.5 }],
  ['concurrency', { concurrency: Number.NaN }],
  ['maxInFlightEvents', { maxInFlightEvents: 0 }],
  ['maxInFlightEvents', { maxInFlightEvents: Infinity }],
  ['retry.attempts', { retry: { attempts: 0 } }],
  ['retry.initialDelayMs', { retry: { initialDelayMs: -1 } }],
  ['retry.maxDelayMs', { retry: { maxDelayMs: '1s' } }],
  ['onFailure', { onFailure: 'ignore' }],
  ['maxParkedStreams', { maxParkedStreams: -1 }],
  ['leaseMs', { leaseMs: 0 }],
  ['leaseMs', { leaseMs: 2 ** 31 }],
  ['pollMs.min', { pollMs: { min: 0, max: 10 } }],
  ['pollMs.max', { pollMs: { min: 10, max: 5 } }],
  ['startFrom', { startFrom: 'yesterday' }],
  ['startFrom', { startFrom: 5 }],
  ['handlers', { handlers: undefined }],
  ['handlers', { handlers: null }],
  ['handlers.types', { handlers: { handle: handlers } }],
  ['handlers', { handlers: { types: 'all' } }],
  ['handlers[0]', { handlers: [null] }],
  ['handlers[1]', { handlers: [{ types: 'all', category: undefined, handle: handlers }, { types: 'all' }] }],
]

function subscribe(backend: Backend, options: Partial<SubscribeOptions>): Promise<unknown> {
  return backend.stream.subscribe({ group: 'bad-options', handlers, ...options })
}

export const consumeOptionsCases: readonly Case[] = [
  {
    id: 'consume/bad-options',
    laws: [],
    title: 'refuses every bad option of subscribe and runOnce by its name, before any I/O',
    async run({ open }) {
      const { backend } = await open({ partitions: 4 })
      // Callers without types give anything.
      for (const [field, options] of bad) {
        await refusalAtOnce(() => subscribe(backend, options), 'INVALID_ARGUMENT', field)
      }
      for (const budgetMs of [0, -1, 1.5, Number.NaN, undefined]) {
        const options = { group: 'bad-options', handlers, budgetMs } as SubscribeOptions & {
          readonly budgetMs: number
        }
        await refusalAtOnce(() => backend.stream.runOnce(options), 'INVALID_ARGUMENT', 'budgetMs')
      }
      assert.equal(
        (await backend.stream.group('bad-options').lag()).every(({ owned }) => !owned),
        true,
      )
    },
  },
  {
    id: 'consume/foreign-start',
    laws: ['F8'],
    title: 'refuses to start a group at a token of another store',
    async run({ open }) {
      const { backend, source } = await open()
      const foreign = await (await open()).source.append('counter:1', [sampleEvent(1)])
      await source.append('counter:1', [sampleEvent(1)])
      const consumer = RecordedConsumer.unstarted()
      // By the call itself, or by the consumer that it started: but refused.
      const error = await refusalOf(async () => {
        const subscription = await backend.stream.subscribe(
          consumer.options({ group: 'foreign', startFrom: foreign.token }),
        )
        await subscription.completed
      })
      assert.ok(['FEED_DIVERGED', 'INVALID_ARGUMENT'].includes(error), `it was refused with ${error}`)
      assert.deepEqual(consumer.handled, [])
    },
  },
  {
    id: 'consume/after-close',
    laws: ['C7'],
    title: 'refuses every verb of the stream after close',
    async run({ open }) {
      const { backend } = await open()
      await backend.stream.close()
      await backend.stream.close()
      await refusal(() => backend.stream.subscribe({ group: 'closed', handlers }), 'CLOSED')
      await refusal(() => backend.stream.runOnce({ group: 'closed', handlers, budgetMs: 10 }), 'CLOSED')
      await refusal(() => backend.stream.publish({ ...sampleEvent(1), streamId: 'closed' }), 'CLOSED')
    },
  },
]

async function refusalOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code)
    throw error
  }
  return 'nothing'
}
