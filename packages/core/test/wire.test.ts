import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EventStoreError } from '../src/error.ts'
import { encodeEvent, decodeData } from '../src/encode-event.ts'
import type { NewEvent } from '../src/event.ts'
import { murmur2, partitionOf } from '../src/partition.ts'
import {
  eventCheck,
  FEED_START,
  formatPosition,
  joinToken,
  parsePosition,
  parseToken,
} from '../src/position.ts'
import { checkManifest, type StoreManifest } from '../src/store-manifest.ts'
import { categoryOf, checkStreamId } from '../src/stream-id.ts'

/** The vectors of `docs/wire.md`, made by another implementation than the one tested here. */
interface Golden {
  readonly hash: readonly {
    readonly text: string
    readonly murmur2: number
    readonly partitions: Readonly<Record<string, number>>
  }[]
  readonly eventChecks: readonly { readonly id: string; readonly check: string }[]
  readonly positions: readonly {
    readonly incarnation: string
    readonly partition: number
    readonly sequence: number
    readonly eventId: string | null
    readonly text: string
  }[]
  readonly invalidPositions: readonly string[]
  readonly tokens: readonly { readonly positions: readonly string[]; readonly text: string }[]
  readonly streamIds: readonly {
    readonly streamId: string
    readonly bytes: number
    readonly category: string | null
  }[]
  readonly invalidStreamIds: readonly { readonly streamId: string; readonly why: string }[]
  readonly eventIds: readonly { readonly given: string; readonly stored: string }[]
  readonly invalidEventIds: readonly string[]
  readonly events: readonly { readonly given: NewEvent; readonly stored: unknown }[]
  readonly manifests: readonly StoreManifest[]
  readonly invalidManifests: readonly StoreManifest[]
}

// Written by hand in the shape above; every field that is missing fails a test below.
const golden = JSON.parse(
  readFileSync(new URL('../../../docs/wire/golden.json', import.meta.url), 'utf8'),
) as Golden

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (EventStoreError.is(error)) return error.code
    throw error
  }
  return undefined
}

/** JSON has no bytes: the vectors write them as `{ $bytes: base64 }`. */
function withBytes(event: NewEvent): NewEvent {
  const { data } = event
  if (typeof data !== 'object' || data === null || !('$bytes' in data)) return event
  return { ...event, data: new Uint8Array(Buffer.from(String(data.$bytes), 'base64')) }
}

describe('the golden vectors of docs/wire.md', () => {
  it('hash as Kafka’s default partitioner does', () => {
    for (const { text, murmur2: hash, partitions } of golden.hash) {
      expect([text, murmur2(text) | 0]).toEqual([text, hash])
      for (const [count, partition] of Object.entries(partitions)) {
        expect([text, count, partitionOf(text, Number(count))]).toEqual([text, count, partition])
      }
    }
    expect(golden.hash.length).toBeGreaterThan(10)
  })

  it('give each event id its check', () => {
    for (const { id, check } of golden.eventChecks) expect(eventCheck(id)).toBe(check)
    expect(golden.eventChecks.length).toBeGreaterThan(2)
  })

  it('write and read positions', () => {
    for (const { incarnation, partition, sequence, eventId, text } of golden.positions) {
      const cursor = eventId === null ? FEED_START : { sequence, check: eventCheck(eventId) }
      expect(formatPosition(incarnation, partition, cursor)).toBe(text)
      expect(parsePosition(text)).toEqual({ incarnation, partition, ...cursor })
    }
    for (const text of golden.invalidPositions) {
      expect([text, codeOf(() => parsePosition(text))]).toEqual([text, 'INVALID_ARGUMENT'])
    }
    expect(golden.invalidPositions.length).toBeGreaterThan(5)
  })

  it('write and read tokens', () => {
    for (const { positions, text } of golden.tokens) {
      expect(joinToken(positions)).toBe(text)
      expect(parseToken(text)).toEqual(positions.map((position) => parsePosition(position)))
    }
    expect(golden.tokens.length).toBeGreaterThan(2)
  })

  it('tell stream ids from what is none', () => {
    for (const { streamId, bytes, category } of golden.streamIds) {
      expect([streamId, codeOf(() => checkStreamId(streamId))]).toEqual([streamId, undefined])
      expect(Buffer.byteLength(streamId)).toBe(bytes)
      expect(categoryOf(streamId) ?? null).toBe(category)
    }
    for (const { streamId, why } of golden.invalidStreamIds) {
      expect([why, codeOf(() => checkStreamId(streamId))]).toEqual([why, 'INVALID_ARGUMENT'])
    }
    expect(golden.invalidStreamIds.length).toBeGreaterThan(10)
  })

  it('write event ids in lower case and refuse other forms', () => {
    for (const { given, stored } of golden.eventIds) {
      expect(encodeEvent({ type: 'Noted', data: null, id: given }, 'event').id).toBe(stored)
    }
    for (const id of golden.invalidEventIds) {
      const encode = (): unknown => encodeEvent({ type: 'Noted', data: null, id }, 'event')
      expect([id, codeOf(encode)]).toEqual([id, 'INVALID_ARGUMENT'])
    }
    expect(golden.invalidEventIds.length).toBeGreaterThan(3)
  })

  it('encode events, and decode to what was given', () => {
    for (const { given, stored } of golden.events) {
      const event = withBytes(given)
      const encoded = encodeEvent(event, 'event')
      expect(encoded).toEqual(stored)
      expect(decodeData(encoded.data, encoded.codec)).toEqual(event.data)
      expect(encoded.data + encoded.metadata).not.toMatch(/[\r\n]/)
    }
    expect(golden.events.length).toBeGreaterThan(7)
  })

  it('tell manifests that this version reads from those that it refuses', () => {
    for (const manifest of golden.manifests) expect(checkManifest(manifest)).toEqual(manifest)
    for (const manifest of golden.invalidManifests) {
      const code = codeOf(() => checkManifest(manifest))
      expect([manifest, code]).toEqual([manifest, 'STORE_INCOMPATIBLE'])
    }
    expect(golden.invalidManifests.length).toBeGreaterThan(5)
  })
})
