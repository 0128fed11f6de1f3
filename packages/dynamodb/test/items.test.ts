import type { EncodedEvent } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import {
  commitItems,
  commitLine,
  decodeCommit,
  encodePlaces,
  eventLines,
  idAt,
  sequenceAt,
  withoutEvents,
} from '../src/commit-item.ts'
import { Keys } from '../src/keys.ts'
import { decodeSlot, entryLine, sealItem, slotItem } from '../src/slot-item.ts'
import { PART_BYTES, splitText } from '../src/text-parts.ts'

const keys = new Keys('shop')

function event(number: number, parts: Partial<EncodedEvent> = {}): EncodedEvent {
  const id = `0190c0d0-0000-7000-8000-00000000000${number}`
  return {
    id,
    type: 'Counted',
    schemaVersion: 1,
    codec: 0,
    data: `{"n":${number}}`,
    metadata: '{}',
    ...parts,
  }
}

const events = [
  event(1, { type: 'Ünïcode with spaces', schemaVersion: 32_767 }),
  event(2, { codec: 1, data: '"AAEC"', metadata: '{"$contentType":"image/png"}' }),
  event(3, { data: '"\\n"' }),
]
const text = commitLine(70, 1_763_735_338_123, 3) + eventLines(events)

describe('an item of a commit', () => {
  const [item = {}] = commitItems(keys, 'counter:1', 7, text)

  it('gives events back as they were, each at its own version and sequence', () => {
    const { events: found, first, count } = decodeCommit(item, 'counter:1', 3)
    expect([first, count]).toEqual([7, 3])
    expect(found.map(({ end: _end, ...each }: { end?: number } & object) => ({ ...each }))).toEqual(
      events.map((each, index) => ({
        ...each,
        streamId: 'counter:1',
        partition: 3,
        version: 7 + index,
        sequence: 70 + index,
        timestampMs: 1_763_735_338_123,
      })),
    )
  })

  it('keeps ids, versions and sequences of removed events, and nothing else of them', () => {
    for (const removed of [1, 2, 3]) {
      const { text: rest, ids } = withoutEvents(decodeCommit(item, 'counter:1', 3), removed)
      const buried = {
        ...item,
        events: { S: rest },
        removed: { N: String(removed) },
        ids: { S: ids.join('\n') },
      }
      const commit = decodeCommit(buried, 'counter:1', 3)
      expect(commit.events.map(({ version, sequence, id }) => [version, sequence, id])).toEqual(
        events.slice(removed).map(({ id }, index) => [7 + removed + index, 70 + removed + index, id]),
      )
      expect([0, 1, 2].map((index) => idAt(commit, index))).toEqual(events.map(({ id }) => id))
      expect([0, 1, 2].map((index) => sequenceAt(commit, index))).toEqual([70, 71, 72])
    }
  })

  it('says of imported events where each stands and when it was recorded', () => {
    const places = [70, 72, 75].map((sequence) => ({ sequence, timestampMs: sequence * 1000 }))
    const commit = decodeCommit({ ...item, places: { S: encodePlaces(places) } }, 'counter:1', 3)
    expect(commit.events.map(({ sequence, timestampMs }) => ({ sequence, timestampMs }))).toEqual(places)
    expect(sequenceAt(commit, 2)).toBe(75)
  })

  it('is refused when something else has written it', () => {
    for (const damaged of ['', 'x', '0 0 0', `${text}\nmore`, text.slice(0, 40)])
      expect(() => decodeCommit({ ...item, events: { S: damaged } }, 'counter:1', 3)).toThrow(
        expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }),
      )
  })
})

describe('a slot', () => {
  it('gives back what it names', () => {
    const entries = [
      { streamId: 'bank account:4 2', item: 12, skip: 0, count: 1 },
      { streamId: 'a', item: 1, skip: 0, count: 10 },
      { streamId: 'b', item: 5, skip: 3, count: 2 },
    ]
    const lines = entries.map(entryLine)
    expect(lines).toEqual(['12 bank account:4 2', '1*10 a', '5+3*2 b'])
    const item = slotItem('shop|f|0', 41, { lines, count: 13, lastId: event(1).id, token: 'w-1' })
    expect(decodeSlot(item)).toEqual({
      first: 41,
      last: 53,
      lastId: event(1).id,
      token: 'w-1',
      entries,
      sealed: false,
    })
  })

  it('may be a seal, which takes no sequence', () => {
    for (const lastId of [undefined, event(1).id]) {
      expect(decodeSlot(sealItem('shop|f|0', 54, lastId))).toMatchObject({
        first: 54,
        last: 53,
        lastId,
        sealed: true,
      })
    }
  })

  it('is refused when something else has written it', () => {
    const item = { pk: { S: 'shop|f|0' }, sk: { S: '0000000000000001' } }
    for (const slot of ['', '0 id token\n1 a', '1 id token\nx a', '1 id token\n1'])
      expect(() => decodeSlot({ ...item, slot: { S: slot } })).toThrow(
        expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }),
      )
  })
})

describe('a text too large for an item', () => {
  it.each(['x', 'é', '€', '🦄'])('is cut between characters: %s', (character) => {
    for (const shift of [0, 1, 2, 3]) {
      const long = 'x'.repeat(shift) + character.repeat(PART_BYTES)
      const pieces = splitText(long)
      expect(pieces.length).toBeGreaterThanOrEqual(Buffer.byteLength(long) / PART_BYTES)
      expect(pieces.every((piece) => Buffer.byteLength(piece) <= PART_BYTES)).toBe(true)
      expect(pieces.join('') === long).toBe(true)
    }
  })

  it('is in items of its own behind the first', () => {
    const items = commitItems(keys, 'counter:1', 7, text + 'x'.repeat(2 * PART_BYTES))
    expect(items.map(({ pk, sk, parts }) => [pk?.S, sk?.S, parts?.N])).toEqual([
      ['shop|s|counter:1', '0000000000000007', '2'],
      ['shop|p|counter:1', '0000000000000007.001', undefined],
      ['shop|p|counter:1', '0000000000000007.002', undefined],
    ])
  })
})
