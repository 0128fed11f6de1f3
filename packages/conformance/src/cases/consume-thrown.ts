import assert from 'node:assert/strict'
import { EventStoreError } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { numberOf, PAYLOAD, sampleEvent, streamsOfPartition } from '../sample-events.ts'

export const consumeThrownCases: readonly Case[] = [
  {
    id: 'consume/thrown-values',
    laws: ['C6'],
    title:
      'treats whatever a handler throws as a failure: undefined, null, a string, a number, an object, a rejection',
    async run({ open }) {
      const { backend, source } = await open()
      const thrown: readonly unknown[] = [undefined, null, 'text', 7, { odd: true }, Symbol('odd'), PAYLOAD]
      const streams = streamsOfPartition(0, 1, thrown.length)
      for (const [index, streamId] of streams.entries()) await source.append(streamId, [sampleEvent(index)])
      const consumer = await RecordedConsumer.start(backend, { group: 'thrown' }, (event) => {
        const value = thrown[numberOf(event)]
        // Handlers in the wild throw and reject with anything.
        // oxlint-disable-next-line typescript/only-throw-error
        if (numberOf(event) % 2 === 0) throw value
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        return Promise.reject(value)
      })
      await consumer.subscription.caughtUpTo(await source.head())
      await consumer.stop()
      const parked = await backend.stream.group('thrown').parked()
      assert.deepEqual(parked.map(({ streamId }) => streamId).sort(), [...streams].sort())
      for (const { error, attempts } of parked) {
        assert.equal(attempts, 3)
        assert.ok(
          error.length > 0 && !error.includes(PAYLOAD),
          `an error is kept as ${JSON.stringify(error)}`,
        )
      }
    },
  },
  {
    id: 'consume/typed-errors-keep-their-code',
    laws: ['C6', 'C8'],
    title: 'keeps name, code and message of the error that parked a stream',
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:1', [sampleEvent(1)])
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'coded', retry: { attempts: 1 } },
        () => {
          throw new EventStoreError('LIMIT_EXCEEDED', 'too much')
        },
      )
      await consumer.subscription.caughtUpTo(await source.head())
      await consumer.stop()
      const [parked] = await backend.stream.group('coded').parked()
      assert.equal(parked?.attempts, 1)
      assert.match(parked?.error ?? '', /EventStoreError.*LIMIT_EXCEEDED.*too much/)
    },
  },
]
