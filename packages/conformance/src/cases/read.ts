import assert from 'node:assert/strict'
import type { EventStore, ReadOptions, RecordedEvent } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import type { Case } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'
import { turn } from '../turn.ts'

const STREAM = 'counter:read'
const LENGTH = 5

/** What a read of a stream of `length` events must return, by the words of its options. */
function expectedVersions(options: ReadOptions, length: number, firstVersion = 1): readonly number[] {
  const { from = 1, to = Infinity, direction = 'forward', limit = Infinity } = options
  const all = Array.from({ length }, (_, index) => index + 1).filter((version) => version >= firstVersion)
  const within = all.filter((version) => version >= from && version <= to)
  return (direction === 'forward' ? within : within.toReversed()).slice(0, limit)
}

/** Every combination of the options' values that differ for a stream of {@link LENGTH} events. */
function* everyRange(): Generator<ReadOptions> {
  for (const direction of [undefined, 'forward', 'backward'] as const)
    for (const from of [undefined, 1, 2, 4, LENGTH, LENGTH + 1, LENGTH + 9])
      for (const to of [undefined, 0, 1, 3, LENGTH, LENGTH + 1, Number.MAX_SAFE_INTEGER])
        for (const limit of [undefined, 0, 1, 2, LENGTH, LENGTH + 1])
          for (const pageSize of [undefined, 1, 2]) yield { direction, from, to, limit, pageSize }
}

/** Runs `check` for all, some at a time. */
async function forAll<Item>(items: Iterable<Item>, check: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async (): Promise<void> => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await check(item)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** Asserts every combination against a stream whose events are numbered by their versions. */
export async function assertEveryRange(store: EventStore, streamId: string, firstVersion = 1): Promise<void> {
  await forAll(everyRange(), async (options) => {
    const events = await store.read(streamId, options).toArray()
    const expected = expectedVersions(options, LENGTH, firstVersion)
    assert.deepEqual(
      events.map((event) => [event.streamPosition, numberOf(event)]),
      expected.map((version) => [version, version]),
      JSON.stringify(options),
    )
  })
}

export const readCases: readonly Case[] = [
  {
    id: 'read/every-range',
    laws: ['R2'],
    title: 'reads every combination of direction, from, to, limit and page size as an array would be sliced',
    timeoutMs: 240_000,
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(LENGTH))
      await store.append('counter:rea', sampleEvents(3))
      await store.append('counter:read2', sampleEvents(3))
      await assertEveryRange(store, STREAM)
    },
  },
  {
    id: 'read/missing-stream',
    laws: ['R3'],
    title: 'reads a missing stream as empty and at version 0, in every way, and creates nothing by it',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('counter:there', sampleEvents(2))
      const missing: readonly ReadOptions[] = [
        {},
        { direction: 'backward' },
        { from: 3 },
        { to: 1, limit: 1 },
        { limit: 0 },
      ]
      for (const options of missing)
        assert.deepEqual(await store.read('counter:missing', options).toArray(), [])
      for await (const page of store.read('counter:missing').pages())
        assert.fail(`a page of ${page.length} events`)
      const head = await store.head('counter:missing')
      assert.deepEqual(head, {
        streamId: 'counter:missing',
        version: 0,
        exists: false,
        deleted: false,
        firstVersion: 1,
        position: undefined,
      })
      assert.equal((await store.head('counter:there')).exists, true)
      assert.equal(
        (await store.append('counter:missing', [sampleEvent(1)], { expectedVersion: 'none' })).version,
        1,
      )
    },
  },
  {
    id: 'read/forms',
    laws: ['R2', 'R4'],
    title: 'gives the same events one by one, in pages and as an array, and may be iterated again',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(23))
      for (const direction of ['forward', 'backward'] as const) {
        const read = store.read(STREAM, { direction, pageSize: 5, limit: 17 })
        const array = await read.toArray()
        const singles: RecordedEvent[] = []
        for await (const event of read) singles.push(event)
        const pages: (readonly RecordedEvent[])[] = []
        for await (const page of read.pages()) pages.push(page)
        assert.equal(array.length, 17)
        assert.deepEqual(singles.map(numberOf), array.map(numberOf))
        assert.deepEqual(pages.flat().map(numberOf), array.map(numberOf))
        assert.ok(
          pages.every((page) => page.length > 0 && page.length <= 5),
          `pages of ${pages.map((page) => page.length).join(', ')}`,
        )
      }
    },
  },
  {
    id: 'read/lazy',
    laws: ['R4'],
    title: 'starts only when it is iterated, and fetches no more than a page ahead of its reader',
    async run({ open }) {
      const { store } = (await open()).backend
      const read = store.read(STREAM, { pageSize: 2 })
      assert.deepEqual(await read.toArray(), [])
      await store.append(STREAM, sampleEvents(20))
      assert.equal((await read.toArray()).length, 20, 'the same read, begun later')
      // Appended while the reader stands at its first page: a read that had fetched all would miss them.
      const seen: number[] = []
      for await (const page of read.pages()) {
        if (seen.length === 0) await store.append(STREAM, sampleEvents(4, 21))
        seen.push(...page.map(numberOf))
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 24 }, (_, index) => index + 1),
      )
    },
  },
  {
    id: 'read/left-early',
    laws: ['R4'],
    title: 'may be left early any number of times, and the store stays usable',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(50))
      for (let time = 0; time < 40; time++) {
        let seen = 0
        const limit = (time % 7) + 1
        for await (const event of store.read(STREAM, { pageSize: 3 })) {
          assert.equal(numberOf(event), ++seen)
          if (seen === limit) break
        }
        for await (const page of store.feed({ pageSize: 3 }).pages()) {
          assert.equal(page.length, 3)
          break
        }
        const stopped = async (): Promise<void> => {
          for await (const event of store.read(STREAM, { pageSize: 3 }))
            throw new Error(`stop at ${numberOf(event)}`)
        }
        await assert.rejects(stopped, /stop at 1/)
      }
      assert.equal((await store.append(STREAM, [sampleEvent(51)], { expectedVersion: 50 })).version, 51)
      assert.equal((await store.read(STREAM).toArray()).length, 51)
    },
  },
  {
    id: 'read/many-at-once',
    laws: ['R4'],
    title: 'serves more unfinished reads at once than there are connections',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(6))
      const reads = Array.from({ length: 100 }, () =>
        store.read(STREAM, { pageSize: 2 })[Symbol.asyncIterator](),
      )
      for (const read of reads) {
        const first = await read.next()
        assert.equal(first.done === true ? undefined : first.value.streamPosition, 1)
      }
      assert.equal((await store.append(STREAM, [sampleEvent(7)])).version, 7)
      await Promise.all(reads.map(async (read) => read.return?.()))
    },
  },
  {
    id: 'read/while-appending',
    laws: ['R4', 'A2', 'R1'],
    title: 'pages through a growing stream without a hole, a double or a disorder',
    async run({ open }) {
      const test = await open()
      const writer = (await test.sibling()).store
      const { store } = test.backend
      await store.append(STREAM, sampleEvents(10))
      const append = async (): Promise<void> => {
        for (let number = 11; number <= 100; number += 3) {
          await writer.append(STREAM, sampleEvents(3, number))
          await turn()
        }
      }
      const check = async (): Promise<void> => {
        let version = 0
        for await (const event of store.read(STREAM, { pageSize: 2 })) {
          version++
          assert.deepEqual([event.streamPosition, numberOf(event)], [version, version])
        }
        assert.ok(version >= 10, 'fewer than ten events were read')
        let down = Infinity
        for await (const event of store.read(STREAM, { pageSize: 3, direction: 'backward' })) {
          if (down !== Infinity) assert.equal(event.streamPosition, down - 1)
          down = event.streamPosition
        }
        assert.equal(down, 1)
      }
      await alongside(append, async () => {
        for (let time = 0; time < 5; time++) await check()
      })
      assert.deepEqual(
        await store
          .read(STREAM, { from: 100 })
          .toArray()
          .then((events) => events.map(numberOf)),
        [100],
      )
    },
  },
  {
    id: 'read/abort',
    laws: ['R4'],
    title: 'stops a read whose signal is aborted, before its first page and between two',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(20))
      await refusalAtOnce(() => store.read(STREAM, { signal: AbortSignal.abort() }).toArray(), 'ABORTED')
      await refusalAtOnce(() => store.feed({ signal: AbortSignal.abort() }).toArray(), 'ABORTED')
      const abort = new AbortController()
      let seen = 0
      const reading = async (): Promise<void> => {
        for await (const page of store.read(STREAM, { pageSize: 2, signal: abort.signal }).pages()) {
          seen += page.length
          abort.abort()
        }
      }
      await refusal(reading, 'ABORTED')
      assert.ok(seen < 20, `saw ${seen} events after the abort`)
    },
  },
]
