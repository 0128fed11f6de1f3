import assert from 'node:assert/strict'
import type { NewEvent } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { sampleEvent } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'

/** Metadata that is absent is stored as `{}`, and counts. */
const METADATA_BYTES = 2
/** The quotes of a JSON string. */
const QUOTES = 2

/** An event that counts exactly `bytes`; of characters that take three bytes as far as they fit. */
function eventOfBytes(bytes: number): NewEvent<'Sized', string> {
  const left = bytes - METADATA_BYTES - QUOTES
  return { type: 'Sized', data: '€'.repeat(Math.floor(left / 3)) + 'x'.repeat(left % 3) }
}

const small: NewEvent = { type: 'Sized', data: 0 }

export const limitCases: readonly Case[] = [
  {
    id: 'limits/events',
    laws: ['A9'],
    title: 'takes as many events in one append as declared, and refuses one more before any I/O',
    timeoutMs: 120_000,
    async run({ open, capabilities }) {
      const { store } = (await open()).backend
      const most = Array.from({ length: capabilities.maxAppendEvents }, () => small)
      await leavesUntouched(store, ['sized:events'], () =>
        refusalAtOnce(() => store.append('sized:events', [...most, small]), 'LIMIT_EXCEEDED', 'events'),
      )
      assert.equal((await store.append('sized:events', most)).version, most.length)
    },
  },
  {
    id: 'limits/bytes',
    laws: ['A9', 'R5'],
    title: 'takes as many UTF-8 bytes in one append as declared, and refuses one more before any I/O',
    timeoutMs: 120_000,
    async run({ open, capabilities }) {
      const { store } = (await open()).backend
      const most = eventOfBytes(capabilities.maxAppendBytes)
      const tooMuch = eventOfBytes(capabilities.maxAppendBytes + 1)
      await leavesUntouched(store, ['sized:bytes'], async () => {
        await refusalAtOnce(() => store.append('sized:bytes', [tooMuch]), 'LIMIT_EXCEEDED', 'events')
        const inTwo = [eventOfBytes(capabilities.maxAppendBytes - 10), eventOfBytes(11)]
        await refusalAtOnce(() => store.append('sized:bytes', inTwo), 'LIMIT_EXCEEDED', 'events')
      })
      await store.append('sized:bytes', [most])
      const [event] = await store.read('sized:bytes').toArray()
      assert.ok(event?.data === most.data, 'the largest body came back as it was')
    },
  },
  {
    id: 'limits/huge-body',
    laws: ['A9'],
    title: 'takes a body of 20 MB where so much is declared, and refuses it by name where not',
    timeoutMs: 120_000,
    async run({ open, capabilities }) {
      const { store } = (await open()).backend
      const bytes = 20 * 1024 * 1024
      const huge = eventOfBytes(bytes)
      if (bytes <= capabilities.maxAppendBytes) {
        await store.append('sized:huge', [huge])
        assert.ok(
          (await store.read('sized:huge').toArray())[0]?.data === huge.data,
          'the largest data came back changed',
        )
      } else {
        await leavesUntouched(store, ['sized:huge'], () =>
          refusalAtOnce(() => store.append('sized:huge', [huge]), 'LIMIT_EXCEEDED', 'events'),
        )
      }
    },
  },
  {
    id: 'limits/streams',
    laws: ['A9', 'A10'],
    title: 'takes as many streams in one commit as declared, and refuses one more before any I/O',
    timeoutMs: 120_000,
    needs: ({ multiStreamAppend }) => multiStreamAppend !== 'none',
    refuses: async ({ open }) => {
      const { store } = (await open()).backend
      const streams = [1, 2].map((number) => ({ streamId: `sized:${number}`, events: [small] }))
      await refusalAtOnce(() => store.commit({ streams }), 'NOT_SUPPORTED')
    },
    async run({ open, capabilities }) {
      const { store } = (await open()).backend
      const { maxAppendStreams } = capabilities
      const streams = Array.from({ length: maxAppendStreams + 1 }, (_, number) => ({
        streamId: `sized:${number}`,
        events: [small],
      }))
      await leavesUntouched(store, ['sized:0', 'sized:1'], () =>
        refusalAtOnce(() => store.commit({ streams }), 'LIMIT_EXCEEDED', 'streams'),
      )
      const result = await store.commit({ streams: streams.slice(0, maxAppendStreams) })
      assert.equal(result.streams.length, maxAppendStreams)
      assert.equal((await store.feed().toArray()).length, maxAppendStreams)
    },
  },
  {
    id: 'limits/import',
    laws: ['A9'],
    title: 'holds an import to the same limits',
    needs: (capabilities) => capabilities.import,
    refuses: async ({ open }) => {
      const { store } = (await open()).backend
      await refusal(() => store.import([]), 'NOT_SUPPORTED')
    },
    async run({ open, capabilities }) {
      const { store } = (await open()).backend
      const recorded = {
        streamId: 'sized:import',
        schemaVersion: 1,
        timestamp: '2024-01-01T00:00:00.000Z',
        metadata: {},
      }
      const tooMany = Array.from({ length: capabilities.maxAppendEvents + 1 }, (_, index) => ({
        ...recorded,
        ...sampleEvent(index),
        streamPosition: index + 1,
      }))
      const { data } = eventOfBytes(capabilities.maxAppendBytes + 1)
      const tooMuch = { ...sampleEvent(1), ...recorded, data, streamPosition: 1 }
      await leavesUntouched(store, ['sized:import'], async () => {
        await refusalAtOnce(() => store.import(tooMany), 'LIMIT_EXCEEDED', 'events')
        await refusalAtOnce(() => store.import([tooMuch]), 'LIMIT_EXCEEDED', 'events')
      })
    },
  },
]
