import assert from 'node:assert/strict'
import { comparePositions, EventStoreError, type PublishEvent, type RecordedEvent } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import { eventually } from '../eventually.ts'
import type { Case } from '../kit.ts'
import { Random } from '../random.ts'
import { readLog } from '../read-log.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { numberOf, sampleEvent } from '../sample-events.ts'
import { turn } from '../turn.ts'

const PARTITIONS = 4
/** The quotes of a JSON string, and the metadata that is absent. */
const OVERHEAD_BYTES = 4

function published(streamId: string, number: number): PublishEvent & { readonly id: string } {
  return { ...sampleEvent(number), streamId }
}

/** Bodies and envelopes that an adapter's encoding may get wrong. */
const odd: readonly PublishEvent[] = [
  { streamId: 'odd:1', type: 'Nothing', data: null },
  { streamId: 'odd:1', type: 'Zero', data: 0, metadata: { empty: '', nothing: null } },
  { streamId: 'odd:1', type: 'Täglich geändert 変更', data: '€ \u0000 \u2028 "quoted" \\ 🂡' },
  { streamId: 'odd:2', type: 'Bytes', data: new Uint8Array([0, 255, 10, 13, 128]), contentType: 'image/png' },
  { streamId: 'odd:2', type: 'NoBytes', data: new Uint8Array(0) },
  { streamId: 'a/b?c=d&e:ü', type: 'Deep', data: { a: [{ b: [[], {}, [null, true, 1e-7, -1.5]] }] } },
  { streamId: 'no-category', type: 'Tagged', data: {}, tags: ['ä', ' ', 'a,b'], schemaVersion: 40 },
  { streamId: 'odd:3', type: 'When', data: [], occurredAt: '1969-07-20T20:17:40.000Z' },
  { streamId: 'odd:3', type: 'Long', data: 'x'.repeat(200_000), metadata: { correlationId: 'c' } },
]

/** What a subscriber must be given, by the event as it was published. */
function delivered(event: PublishEvent): unknown {
  const { streamId, type, data, id, metadata = {}, tags = [], schemaVersion = 1, occurredAt } = event
  const bytes = data instanceof Uint8Array
  const contentType = bytes ? (event.contentType ?? 'application/octet-stream') : undefined
  return { id, streamId, type, data, metadata, tags, schemaVersion, occurredAt, contentType }
}

function envelope(event: RecordedEvent): unknown {
  const { id, streamId, type, data, metadata, tags, schemaVersion, occurredAt, contentType } = event
  const plain = data instanceof Uint8Array ? new Uint8Array(data) : data
  return { id, streamId, type, data: plain, metadata, tags, schemaVersion, occurredAt, contentType }
}

/** Numbers by stream, in the order of the list. */
function byStream(events: Iterable<RecordedEvent>): ReadonlyMap<string, readonly number[]> {
  const streams = new Map<string, number[]>()
  for (const event of events)
    streams.set(event.streamId, [...(streams.get(event.streamId) ?? []), numberOf(event)])
  return streams
}

export const logCases: readonly Case[] = [
  {
    id: 'log/odd-bodies',
    laws: ['S1', 'S4', 'R5'],
    title: 'keeps every kind of body and envelope to the byte, through two clients and a reopening',
    async run({ open }) {
      const test = await open({ partitions: PARTITIONS })
      const sibling = await test.sibling()
      const events = odd.map((event): PublishEvent => ({ ...event, id: sampleEvent(0).id }))
      const halfway = Math.floor(events.length / 2)
      const first = await test.backend.stream.publish(events.slice(0, halfway))
      const second = await sibling.stream.publish(events.slice(halfway))
      const reopened = await test.reopen()
      const partitions = await readLog(reopened, `${first.token},${second.token}`)
      const all = new Map([...partitions.values()].flat().map((event) => [event.id, event]))
      assert.equal(all.size, events.length)
      for (const event of events) {
        const found = all.get(event.id ?? '')
        assert.ok(found !== undefined, `${event.type} is gone`)
        assert.deepEqual(envelope(found), delivered(event))
        assert.equal(found.origin, undefined)
        assert.ok(Math.abs(Date.parse(found.timestamp) - Date.now()) < 3_600_000, found.timestamp)
      }
    },
  },
  {
    id: 'log/order-among-failures',
    laws: ['S2', 'S4', 'A9'],
    title:
      'keeps the order of calls among calls of any size that are refused, aborted or too large, and places nothing of those',
    async run({ open, capabilities, seed }) {
      const { backend } = await open({ partitions: PARTITIONS })
      const random = new Random(seed)
      const keys = ['a', 'b', 'c', 'd', 'e', 'f']
      const expected = new Map<string, number[]>(keys.map((key) => [key, []]))
      const calls: Promise<unknown>[] = []
      let number = 0
      const size = (): number => (random.chance(0.1) ? 60 : random.integer(1, 4))
      for (let call = 0; call < 150; call++) {
        const key = random.pick(keys)
        const events = Array.from({ length: size() }, () => published(key, ++number))
        const fate = random.integer(1, 10)
        if (fate === 1) {
          const invalid = [...events, { ...published(key, 0), type: '' }]
          calls.push(refusal(() => backend.stream.publish(invalid), 'INVALID_ARGUMENT'))
        } else if (fate === 2) {
          const signal = AbortSignal.abort()
          calls.push(refusal(() => backend.stream.publish(events, { signal }), 'ABORTED'))
        } else if (fate === 3 && capabilities.maxAppendBytes <= 2_000_000) {
          const large = { ...published(key, 0), data: 'x'.repeat(capabilities.maxAppendBytes + 1) }
          calls.push(refusal(() => backend.stream.publish([...events, large]), 'LIMIT_EXCEEDED'))
        } else {
          expected.get(key)?.push(...events.map(numberOf))
          calls.push(backend.stream.publish(events))
        }
        if (random.chance(0.1)) await calls.at(-1)
      }
      await Promise.all(calls)
      const { token } = await backend.stream.publish(keys.map((key) => published(key, ++number)))
      for (const [index, key] of keys.entries()) expected.get(key)?.push(number - keys.length + index + 1)
      const partitions = await readLog(backend, token)
      const streams = byStream([...partitions.values()].flat())
      for (const key of keys) assert.deepEqual(streams.get(key) ?? [], expected.get(key), key)
    },
  },
  {
    id: 'log/repeats-in-order',
    laws: ['S2', 'S3'],
    title:
      'keeps the order of calls when replies get lost and calls are repeated, and doubles each call at most once',
    async run({ open }) {
      const { backend, loseReply } = await open()
      const streamId = 'counter:lost'
      let repeated = 0
      let token = ''
      for (let number = 1; number <= 12; number++) {
        const event = published(streamId, number)
        const lose = number % 3 === 0
        if (lose) await loseReply?.()
        const abort = new AbortController()
        const attempt = backend.stream.publish(event, { signal: abort.signal })
        if (lose && loseReply === undefined) {
          await turn()
          abort.abort()
        }
        try {
          ;({ token } = await attempt)
        } catch (error) {
          assert.ok(EventStoreError.is(error), `expected a typed error, got ${String(error)}`)
          assert.equal(error.outcome, 'unknown', error.message)
          repeated++
          ;({ token } = await backend.stream.publish(event))
        }
      }
      const consumer = await RecordedConsumer.start(backend, { group: 'repeats' })
      await consumer.subscription.caughtUpTo(token)
      await consumer.stop()
      assert.deepEqual(
        [...new Set(consumer.numbers)],
        Array.from({ length: 12 }, (_, index) => index + 1),
      )
      const doubled = consumer.numbers.filter((number, index) => consumer.numbers.indexOf(number) !== index)
      assert.equal(new Set(doubled).size, doubled.length, `more than doubled: ${doubled.join(' ')}`)
      assert.ok(doubled.length <= repeated, `${doubled.length} are doubled, ${repeated} were repeated`)
    },
  },
  {
    id: 'log/over-the-limit',
    laws: ['S4', 'A9'],
    title:
      'takes the largest call that is declared, refuses a larger one before any I/O, and its neighbours not',
    timeoutMs: 120_000,
    async run({ open, capabilities }) {
      const { backend } = await open()
      // What one event may take is the backend's own affair, as long as a call may hold as much as is declared.
      const parts = Math.ceil(capabilities.maxAppendBytes / 900_000)
      const data = 'x'.repeat(Math.floor(capabilities.maxAppendBytes / parts) - OVERHEAD_BYTES)
      const events = Array.from({ length: parts }, () => ({ streamId: 'counter:1', type: 'Sized', data }))
      const before = backend.stream.publish(published('counter:1', 1))
      const tooLarge = { ...published('counter:1', 0), data: 'x'.repeat(capabilities.maxAppendBytes) }
      await refusalAtOnce(() => backend.stream.publish(tooLarge), 'LIMIT_EXCEEDED')
      await refusalAtOnce(
        () => backend.stream.publish([...events, { ...published('counter:1', 0), data: 'x'.repeat(parts) }]),
        'LIMIT_EXCEEDED',
      )
      const largest = backend.stream.publish(events)
      const after = backend.stream.publish(published('counter:1', 2))
      const [, , { token }] = await Promise.all([before, largest, after])
      const partitions = await readLog(backend, token)
      const bodies = (partitions.get(0) ?? []).map((event) =>
        event.type === 'Sized' ? event.data === data : numberOf(event),
      )
      assert.deepEqual(bodies, [1, ...events.map(() => true), 2])
    },
  },
  {
    id: 'log/many-readers',
    laws: ['F2', 'F3', 'F4', 'S2'],
    title:
      'shows readers that come at any time, while many publish, one and the same order of each partition, every event once',
    timeoutMs: 120_000,
    async run({ open, seed }) {
      const test = await open({ partitions: PARTITIONS })
      const clients = [test.backend, await test.sibling()]
      const random = new Random(seed)
      const rounds = 15
      const tokens: string[] = []
      const sent = new Map<string, string[]>()
      const publishing = async (): Promise<void> => {
        for (let round = 0; round < rounds; round++) {
          const calls = clients.map((client, index) => {
            const events = Array.from({ length: random.integer(1, 6) }, () =>
              published(`of-client-${index}:${random.integer(1, 6)}`, round),
            )
            for (const { streamId, id } of events) sent.set(streamId, [...(sent.get(streamId) ?? []), id])
            return client.stream.publish(events)
          })
          for (const { token } of await Promise.all(calls)) tokens.push(token)
        }
      }
      const readers: RecordedConsumer[] = []
      const joining = async (ended: () => boolean): Promise<void> => {
        for (let index = 0; index < 3; index++) {
          const client = clients[index % 2] ?? test.backend
          // One in hand at a time: side by side streams are served in turns, which is another order.
          const options = { group: `reader-${index}`, maxInFlightEvents: 1 }
          readers.push(await RecordedConsumer.start(client, options))
          await eventually(
            'the reader is among events',
            () => ended() || (readers.at(-1)?.handled.length ?? 0) > 0,
          )
        }
      }
      await alongside(joining, publishing)
      const timeoutMs = 60_000
      await Promise.all(
        readers.map(({ subscription }) => subscription.caughtUpTo(tokens.join(','), { timeoutMs })),
      )
      await Promise.all(readers.map((reader) => reader.stop()))
      const late = await readLog(test.backend, tokens.join(','))
      const all = [...late.values()].flat()
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length, 'an event is there twice')
      for (const [streamId, ids] of sent) {
        const found = all.filter((event) => event.streamId === streamId).map(({ id }) => id)
        assert.deepEqual(found, ids, `${streamId} as its client published it`)
      }
      for (const [partition, events] of late) {
        const expected = events.map(({ id, position }) => ({ id, position }))
        for (const [index, { position }] of expected.entries()) {
          const last = expected[index - 1]
          assert.ok(
            last === undefined || comparePositions(last.position, position) < 0,
            'positions do not rise',
          )
        }
        for (const { handled } of readers) {
          const seen = handled.filter((event) => event.partition === partition)
          assert.deepEqual(
            seen.map(({ id, position }) => ({ id, position })),
            expected,
            `partition ${partition}`,
          )
        }
      }
    },
  },
  {
    id: 'log/resume-anywhere',
    laws: ['F5', 'F6'],
    title: 'lets a new group begin behind any event, and behind any token, after reopening too',
    timeoutMs: 120_000,
    async run({ open }) {
      const test = await open()
      const tokens: string[] = []
      for (let call = 0; call < 4; call++) {
        const events = [1, 2, 3].map((number) => published(`counter:${number}`, call * 3 + number))
        tokens.push((await test.backend.stream.publish(events)).token)
      }
      const backend = await test.reopen()
      const end = tokens.at(-1) ?? ''
      const events = (await readLog(backend, end)).get(0) ?? []
      assert.deepEqual(
        tokens,
        [2, 5, 8, 11].map((index) => events[index]?.position),
        'a token stands behind the last event of its call',
      )
      const places = [0, 1, 5, 10, 11]
      await Promise.all(
        places.map(async (place) => {
          const startFrom = events[place]?.position ?? ''
          const consumer = await RecordedConsumer.start(backend, { group: `behind-${place}`, startFrom })
          await consumer.subscription.caughtUpTo(end)
          await consumer.stop()
          const rest = events.slice(place + 1).map(numberOf)
          assert.deepEqual(
            [...consumer.numbers].sort((a, b) => a - b),
            rest.toSorted((a, b) => a - b),
          )
        }),
      )
    },
  },
  {
    id: 'log/foreign-positions',
    laws: ['F8'],
    title:
      'refuses to begin behind a place of another log, past the head, or where another event stands, with FEED_DIVERGED',
    async run({ open }) {
      const [{ backend }, other] = [await open(), await open()]
      const { token } = await backend.stream.publish([published('counter:1', 1), published('counter:1', 2)])
      const foreign = await other.backend.stream.publish(published('counter:1', 1))
      const [incarnation = '', partition = '', sequence = '', check = ''] = token.split('.')
      const wrong = check.startsWith('0') ? `1${check.slice(1)}` : `0${check.slice(1)}`
      const places = {
        'of another log': foreign.token,
        'past the head': [incarnation, partition, String(Number(sequence) + 1000), check].join('.'),
        'where another event stands': [incarnation, partition, sequence, wrong].join('.'),
      }
      for (const [place, startFrom] of Object.entries(places)) {
        const consumer = RecordedConsumer.unstarted()
        // Another log's is known for what it is by the call itself or by the consumer that it started.
        const codes = place === 'of another log' ? ['FEED_DIVERGED', 'INVALID_ARGUMENT'] : ['FEED_DIVERGED']
        const error = await failureOf(async () => {
          const subscription = await backend.stream.subscribe(
            consumer.options({ group: `start ${place}`, startFrom }),
          )
          let ended = false
          const completed = subscription.completed.finally(() => (ended = true))
          completed.catch(() => undefined)
          await eventually('the consumer ends by itself', () => ended)
          await completed
        })
        assert.ok(
          EventStoreError.is(error) && codes.includes(error.code),
          `${place}: refused with ${String(error)}`,
        )
        assert.deepEqual(consumer.handled, [], place)
      }
    },
  },
]

async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('the call succeeded')
}
