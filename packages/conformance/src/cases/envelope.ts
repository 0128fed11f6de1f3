import assert from 'node:assert/strict'
import type { NewEvent } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusalAtOnce } from '../refusal.ts'
import { sampleEvents } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export const envelopeCases: readonly Case[] = [
  {
    id: 'envelope/full',
    laws: ['R5', 'R1'],
    title:
      'gives every field of an event back: id, type, schema version, metadata, tags, time of the event and data',
    async run({ open }) {
      const { store } = (await open()).backend
      const event = {
        type: 'Æon⏳Turned',
        id: '0191b8a0-7c3e-7000-8000-0123456789ab',
        schemaVersion: 32_767,
        data: { amount: 12.5 },
        metadata: {
          correlationId: 'order-1',
          causationId: 'command-2',
          user: { name: 'Zoë', roles: [] },
          n: null,
        },
        tags: ['customer:42', 'ünïcode', '%'],
        occurredAt: '2024-02-29T23:59:59.123456+05:30',
      }
      await store.append('era:1', [event])
      for (const stored of [...(await store.read('era:1').toArray()), ...(await store.feed().toArray())]) {
        assert.deepEqual(stored.toJSON(), {
          ...event,
          streamId: 'era:1',
          streamPosition: 1,
          position: stored.position,
          timestamp: stored.timestamp,
        })
        assert.deepEqual(stored.metadata, event.metadata, 'no key of our own among the user’s')
        assert.deepEqual([stored.tags, stored.occurredAt], [event.tags, event.occurredAt])
        assert.deepEqual(JSON.parse(JSON.stringify(stored)), stored.toJSON())
      }
    },
  },
  {
    id: 'envelope/absent',
    laws: ['R5'],
    title:
      'leaves absent what was not given, makes an id and the schema version 1, and stamps the store’s time',
    async run({ open }) {
      const { store } = (await open()).backend
      const beforeMs = Date.now()
      await store.append('plain:1', [
        { type: 'Happened', data: null },
        { type: 'Happened', data: null, metadata: {}, tags: [] },
      ])
      const events = await store.read('plain:1').toArray()
      for (const event of events) {
        assert.match(event.id, UUID)
        assert.equal(event.schemaVersion, 1)
        assert.deepEqual(event.metadata, {})
        assert.deepEqual([event.occurredAt, event.contentType, event.tags], [undefined, undefined, []])
        assert.deepEqual(Object.keys(event.toJSON()).sort(), [
          'data',
          'id',
          'metadata',
          'position',
          'schemaVersion',
          'streamId',
          'streamPosition',
          'timestamp',
          'type',
        ])
        assert.equal(new Date(event.timestamp).toISOString(), event.timestamp, 'ISO 8601 in UTC')
        const offMs = Math.abs(Date.parse(event.timestamp) - beforeMs)
        assert.ok(offMs < 3_600_000, `the store's clock is off by ${offMs} ms`)
      }
      assert.notEqual(events[0]?.id, events[1]?.id)
    },
  },
  {
    id: 'envelope/occurred-at-date',
    laws: ['R5'],
    title: 'takes the time of an event as a Date too',
    async run({ open }) {
      const { store } = (await open()).backend
      const occurredAt = new Date('1999-12-31T23:59:59.999Z')
      await store.append('plain:1', [{ type: 'Happened', data: 1, occurredAt }])
      assert.equal((await store.read('plain:1').toArray())[0]?.occurredAt, '1999-12-31T23:59:59.999Z')
    },
  },
  {
    id: 'envelope/bytes',
    laws: ['R5'],
    title: 'gives bytes back as they were, with their content type',
    async run({ open }) {
      const { store } = (await open()).backend
      const every = Uint8Array.from({ length: 256 }, (_, index) => index)
      const large = Uint8Array.from({ length: 100_003 }, (_, index) => (index * 7919) % 256)
      // A view into a larger buffer: only what it shows is the data.
      const view = Buffer.from('--bytes--').subarray(2, 7)
      const bodies: readonly (readonly [Uint8Array, string | undefined])[] = [
        [new Uint8Array(), undefined],
        [every, 'application/x-every'],
        [large, 'image/png'],
        [view, 'text/plain; charset="utf-8"'],
      ]
      await store.append(
        'file:1',
        bodies.map(([data, contentType]): NewEvent =>
          contentType === undefined
            ? { type: 'Stored', data }
            : { type: 'Stored', data, contentType, tags: ['t'] },
        ),
      )
      const events = await store.read('file:1').toArray()
      for (const [index, [data, contentType]] of bodies.entries()) {
        const event = events[index]
        assert.ok(event?.data instanceof Uint8Array, 'bytes came back as something else')
        assert.deepEqual(Array.from(event.data), Array.from(data))
        assert.equal(event.contentType, contentType ?? 'application/octet-stream')
        assert.equal(event.toJSON().data, Buffer.from(data).toString('base64'))
      }
    },
  },
  {
    id: 'envelope/own-copy',
    laws: ['R1', 'A1'],
    title: 'keeps what was appended: changing the caller’s objects afterwards changes nothing',
    async run({ open }) {
      const { store } = (await open()).backend
      const data = { list: [1, 2], bytes: 'x' }
      const bytes = new Uint8Array([1, 2, 3])
      const events: NewEvent[] = [
        { type: 'Kept', data, metadata: { user: 'u' } },
        { type: 'Kept', data: bytes },
      ]
      const appending = store.append('copy:1', events)
      data.list.push(3)
      data.bytes = 'y'
      bytes.fill(9)
      events.length = 0
      assert.equal((await appending).version, 2)
      const [first, second] = await store.read('copy:1').toArray()
      assert.deepEqual(first?.data, { list: [1, 2], bytes: 'x' })
      assert.deepEqual(second?.data, new Uint8Array([1, 2, 3]))
    },
  },
  {
    id: 'envelope/refused',
    laws: ['R5', 'A1'],
    title: 'refuses fields of an event that are out of their grammar, before any I/O, naming each',
    async run({ open }) {
      const { store } = (await open()).backend
      const good = sampleEvents(1)
      const wrong: readonly (readonly [field: string, event: unknown])[] = [
        ['', null],
        ['', 'event'],
        ['.type', { data: 1 }],
        ['.type', { type: '', data: 1 }],
        ['.type', { type: 7, data: 1 }],
        ['.type', { type: 'a\nb', data: 1 }],
        ['.type', { type: 'a\u0000', data: 1 }],
        ['.type', { type: '\ud800', data: 1 }],
        ['.type', { type: 'é'.repeat(128), data: 1 }],
        ['.data', { type: 'T' }],
        ['.id', { type: 'T', data: 1, id: '' }],
        ['.id', { type: 'T', data: 1, id: 7 }],
        ['.id', { type: 'T', data: 1, id: 'not-a-uuid' }],
        ['.id', { type: 'T', data: 1, id: '0191b8a0-7c3e-7000-8000-0123456789a' }],
        ['.id', { type: 'T', data: 1, id: '{0191b8a0-7c3e-7000-8000-0123456789ab}' }],
        ['.schemaVersion', { type: 'T', data: 1, schemaVersion: 0 }],
        ['.schemaVersion', { type: 'T', data: 1, schemaVersion: 1.5 }],
        ['.schemaVersion', { type: 'T', data: 1, schemaVersion: 32_768 }],
        ['.schemaVersion', { type: 'T', data: 1, schemaVersion: '1' }],
        ['.metadata', { type: 'T', data: 1, metadata: null }],
        ['.metadata', { type: 'T', data: 1, metadata: [] }],
        ['.metadata', { type: 'T', data: 1, metadata: 'x' }],
        ['.metadata.$tags', { type: 'T', data: 1, metadata: { $tags: [] } }],
        ['.metadata.correlationId', { type: 'T', data: 1, metadata: { correlationId: 7 } }],
        ['.metadata.causationId', { type: 'T', data: 1, metadata: { causationId: null } }],
        ['.tags', { type: 'T', data: 1, tags: 'one' }],
        ['.tags[1]', { type: 'T', data: 1, tags: ['a', ''] }],
        ['.tags[0]', { type: 'T', data: 1, tags: [7] }],
        ['.tags[0]', { type: 'T', data: 1, tags: ['x'.repeat(256)] }],
        ['.occurredAt', { type: 'T', data: 1, occurredAt: 'yesterday' }],
        ['.occurredAt', { type: 'T', data: 1, occurredAt: '2024-02-29T12:00:00' }],
        ['.occurredAt', { type: 'T', data: 1, occurredAt: '2024-13-01T12:00:00Z' }],
        ['.occurredAt', { type: 'T', data: 1, occurredAt: new Date(Number.NaN) }],
        ['.occurredAt', { type: 'T', data: 1, occurredAt: 0 }],
        ['.contentType', { type: 'T', data: 1, contentType: 'text/plain' }],
        ['.contentType', { type: 'T', data: new Uint8Array(1), contentType: '' }],
        ['.contentType', { type: 'T', data: new Uint8Array(1), contentType: 'a\nb' }],
      ]
      await leavesUntouched(store, ['plain:1'], async () => {
        for (const [field, event] of wrong) {
          // What a program without types could pass.
          const events = [...good, event as NewEvent]
          await refusalAtOnce(() => store.append('plain:1', events), 'INVALID_ARGUMENT', `events[1]${field}`)
        }
      })
    },
  },
]
