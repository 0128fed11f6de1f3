import type { EncodedEvent } from '@eventspine/core'
import { expect, it } from 'vitest'
import { entryPlace, packEvents, unpackEvents } from '../src/codec.ts'

const place = { streamId: 'counter:1', partition: 3, version: 9, sequence: 70 }

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

it('gives events back as they were packed, each at its own version and sequence', () => {
  const events = [
    event(1, { type: 'Ünïcode with spaces', schemaVersion: 32_767 }),
    event(2, { codec: 1, data: '"AAEC"', metadata: '{"$contentType":"image/png"}' }),
    event(3, { data: '"\\n"' }),
  ]
  const found = unpackEvents(`1763735338123${packEvents(events)}`, place)
  expect(found.map((each) => ({ ...each }))).toEqual(
    events.map((each, index) => ({
      ...each,
      streamId: 'counter:1',
      partition: 3,
      version: 7 + index,
      sequence: 68 + index,
      timestampMs: 1_763_735_338_123,
    })),
  )
})

it('reads the number of events from a line of its own only where there are several', () => {
  expect(packEvents([event(1)])).toBe('\n0 1 0190c0d0-0000-7000-8000-000000000001 Counted\n{"n":1}\n{}')
  expect(packEvents([event(1), event(2)])).toMatch(/^ 2\n/)
})

it('reads times before 1970, which only imported events have', () => {
  expect(unpackEvents(`-5${packEvents([event(1)])}`, place)[0]?.timestampMs).toBe(-5)
})

it('numbers what a truncation has left of a commit from its end', () => {
  const found = unpackEvents(`1 3${packEvents([event(3)])}`, place)
  expect(found.map(({ version, sequence }) => [version, sequence])).toEqual([[9, 70]])
})

it('takes the id of an entry apart', () => {
  expect(entryPlace('12-9007199254740991')).toEqual([12, 9_007_199_254_740_991])
})
