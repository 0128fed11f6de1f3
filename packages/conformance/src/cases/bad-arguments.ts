import assert from 'node:assert/strict'
import type { AppendOptions, CommitRequest, FeedOptions, NewEvent, ReadOptions } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusalAtOnce } from '../refusal.ts'
import { sampleEvent, sampleEvents } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'

/** 255 bytes of UTF-8, the most a stream id may have: of one, two, three and four bytes a character. */
const LONGEST = [
  'a'.repeat(255),
  `x${'é'.repeat(127)}`,
  '€'.repeat(85),
  `${'€'.repeat(81)}${'🦄'.repeat(3)}`,
  `${'🦄'.repeat(63)}abc`,
]

const BAD_STREAM_IDS: readonly unknown[] = [
  '',
  'a'.repeat(256),
  `xx${'é'.repeat(127)}`,
  `${'€'.repeat(85)}x`,
  '🦄'.repeat(64),
  'x'.repeat(1_000_000),
  'counter:\u0000',
  'counter:\n1',
  'counter:\u001f',
  'counter:\u007f',
  'counter:\u0085',
  'counter:\ud800',
  'counter:\udc00x',
  '\udc00\ud800',
  '$all',
  '$published:x',
  '@tenant/counter:1',
  undefined,
  null,
  7,
  {},
  ['counter:1'],
]

const BAD_VERSIONS: readonly unknown[] = [
  -1,
  -0.5,
  1.5,
  Number.NaN,
  Infinity,
  Number.MAX_SAFE_INTEGER + 1,
  '1',
  'latest',
  1n,
  null,
  {},
]

const BAD_COUNTS: readonly unknown[] = [
  -1,
  0.5,
  Number.NaN,
  Infinity,
  Number.MAX_SAFE_INTEGER + 1,
  '1',
  1n,
  null,
  {},
]

export const badArgumentCases: readonly Case[] = [
  {
    id: 'bad-arguments/stream-ids',
    laws: [],
    title: 'takes stream ids up to 255 bytes of UTF-8 and refuses all others before any I/O, in every verb',
    async run({ open }) {
      const { store } = (await open({ partitions: 4 })).backend
      for (const streamId of LONGEST) {
        assert.equal(Buffer.byteLength(streamId), 255)
        assert.equal((await store.append(streamId, [sampleEvent(1)])).streamId, streamId)
        assert.equal((await store.read(streamId).toArray())[0]?.streamId, streamId)
      }
      await leavesUntouched(store, LONGEST, async () => {
        for (const bad of BAD_STREAM_IDS) {
          // What a program without types could pass.
          const streamId = bad as string
          const calls: readonly (() => unknown)[] = [
            () => store.append(streamId, [sampleEvent(1)]),
            () => store.append(streamId, []),
            () => store.head(streamId),
            () => store.read(streamId).toArray(),
            () => store.delete(streamId),
            () => store.truncate(streamId, { before: 2 }),
          ]
          for (const call of calls) await refusalAtOnce(call, 'INVALID_ARGUMENT', 'streamId')
          const streams = [{ streamId, events: [sampleEvent(1)] }]
          await refusalAtOnce(() => store.commit({ streams }), 'INVALID_ARGUMENT', 'streams[0].streamId')
        }
      })
    },
  },
  {
    id: 'bad-arguments/append',
    laws: ['A3'],
    title: 'refuses versions, events and timeouts that are none, before any I/O, naming the option',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('counter:1', sampleEvents(2))
      await leavesUntouched(store, ['counter:1'], async () => {
        for (const version of BAD_VERSIONS) {
          const options = { expectedVersion: version } as AppendOptions
          for (const events of [[sampleEvent(1)], []]) {
            await refusalAtOnce(
              () => store.append('counter:1', events, options),
              'INVALID_ARGUMENT',
              'expectedVersion',
            )
          }
          const streams = [{ streamId: 'counter:1', events: [sampleEvent(1)], ...options }]
          await refusalAtOnce(
            () => store.commit({ streams }),
            'INVALID_ARGUMENT',
            'streams[0].expectedVersion',
          )
        }
        for (const lockTimeoutMs of [...BAD_COUNTS, 0, 2 ** 31]) {
          const options = { lockTimeoutMs } as AppendOptions
          await refusalAtOnce(
            () => store.append('counter:1', [sampleEvent(1)], options),
            'INVALID_ARGUMENT',
            'lockTimeoutMs',
          )
        }
        for (const events of [undefined, null, {}, 'event', sampleEvent(1)]) {
          const call = () => store.append('counter:1', events as readonly NewEvent[])
          await refusalAtOnce(call, 'INVALID_ARGUMENT', 'events')
        }
        for (const request of [undefined, null, {}, { streams: {} }, { streams: 'counter:1' }]) {
          await refusalAtOnce(() => store.commit(request as CommitRequest), 'INVALID_ARGUMENT', 'streams')
        }
        for (const stream of [undefined, null, 'counter:1']) {
          const call = () => store.commit({ streams: [stream] } as unknown as CommitRequest)
          await refusalAtOnce(call, 'INVALID_ARGUMENT')
        }
      })
    },
  },
  {
    id: 'bad-arguments/read',
    laws: ['R2'],
    title:
      'refuses bounds, limits, page sizes and directions that are none, before any I/O, naming the option',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('counter:1', sampleEvents(2))
      const wrong: Record<string, readonly unknown[]> = {
        from: [0, ...BAD_COUNTS],
        to: BAD_COUNTS,
        limit: BAD_COUNTS,
        pageSize: [0, 10_001, ...BAD_COUNTS],
        direction: ['up', '', 1, null, 'Forward'],
      }
      for (const [field, values] of Object.entries(wrong)) {
        for (const value of values) {
          const options = { [field]: value } as ReadOptions
          await refusalAtOnce(() => store.read('counter:1', options).toArray(), 'INVALID_ARGUMENT', field)
        }
      }
    },
  },
  {
    id: 'bad-arguments/feed',
    laws: ['F6', 'F8'],
    title:
      'refuses partitions, positions, limits and timeouts that are none, before any I/O, naming the option',
    async run({ open }) {
      const { store } = (await open({ partitions: 4 })).backend
      const { position = '' } = await store.append('counter:1', sampleEvents(2))
      const wrong: Record<string, readonly unknown[]> = {
        partition: [4, 1024, ...BAD_COUNTS],
        limit: BAD_COUNTS,
        pageSize: [0, 10_001, ...BAD_COUNTS],
        after: [
          '',
          'x',
          0,
          7,
          null,
          {},
          ` ${position}`,
          `${position} `,
          `${position},${position}`,
          position.toUpperCase() === position ? 'X' : position.toUpperCase(),
          position.slice(0, -1),
          `${position}0`,
          position.replace(/\.\d+\./, '.01.'),
          position.replace(/\.(\d+)\.([0-9a-f]{8})$/, '.$1.'),
          position.replace(/\.(\d+)\.([0-9a-f]{8})$/, '.0.$2'),
          position.replace(/\.(\d+)\.([0-9a-f]{8})$/, '.9007199254740992.$2'),
          position.replace(/\.(\d+)\.([0-9a-f]{8})$/, '.-1.$2'),
        ],
      }
      for (const [field, values] of Object.entries(wrong)) {
        for (const value of values) {
          const options = { [field]: value } as FeedOptions
          await refusalAtOnce(() => store.feed(options).toArray(), 'INVALID_ARGUMENT', field)
        }
      }
      for (const partition of [4, ...BAD_COUNTS]) {
        await refusalAtOnce(() => store.feedHead(partition as number), 'INVALID_ARGUMENT', 'partition')
        await refusalAtOnce(() => store.seal(partition as number), 'INVALID_ARGUMENT', 'partition')
      }
      for (const timeoutMs of [2 ** 31, ...BAD_COUNTS]) {
        const options = { after: position, timeoutMs: timeoutMs as number }
        await refusalAtOnce(() => store.waitForFeed(options), 'INVALID_ARGUMENT', 'timeoutMs')
      }
      await refusalAtOnce(() => store.waitForFeed({ after: 'x', timeoutMs: 1 }), 'INVALID_ARGUMENT', 'after')
    },
  },
  {
    id: 'bad-arguments/removal',
    laws: ['D2'],
    title: 'refuses versions and bounds of a removal that are none, before any I/O, naming the option',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('counter:1', sampleEvents(2))
      await leavesUntouched(store, ['counter:1'], async () => {
        for (const before of [0, ...BAD_COUNTS, undefined]) {
          const options = { before: before as number }
          await refusalAtOnce(() => store.truncate('counter:1', options), 'INVALID_ARGUMENT', 'before')
        }
        for (const version of BAD_VERSIONS) {
          const expectedVersion = version as number
          await refusalAtOnce(
            () => store.delete('counter:1', { expectedVersion }),
            'INVALID_ARGUMENT',
            'expectedVersion',
          )
          const truncate = () => store.truncate('counter:1', { before: 2, expectedVersion })
          await refusalAtOnce(truncate, 'INVALID_ARGUMENT', 'expectedVersion')
        }
      })
    },
  },
]
