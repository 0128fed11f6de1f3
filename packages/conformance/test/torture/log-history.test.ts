import { expect, it } from 'vitest'
import { checkHistory } from '../../src/torture/check/check-history.ts'
import type { HistoryRecord, SeenEvent } from '../../src/torture/history.ts'

const STREAM = 'account:1'
const GROUP = { group: 'audit', effects: 'at-least-once', maxInFlightEvents: 10 } as const
const ids = Array.from({ length: 3 }, (_, index) => `00000000-0000-4000-8000-00000000000${index}`)
/** A log has gaps where markers of transactions stand. */
const positionAt = (place: number): string => `0123456789abcdef.0.${place * 10 + 5}.00000000`

/** Three calls of one publisher, of which none waited for another, handled by one group. */
function violationsOf(order: readonly number[], handled = order): readonly string[] {
  const feed = order.map((call, place): SeenEvent => [
    positionAt(place),
    ids[call] ?? '',
    STREAM,
    place * 10 + 5,
  ])
  const records: HistoryRecord[] = ids.map((id, call) => ({
    kind: 'invoke',
    operation: `p1.0.${call}`,
    process: 'p1',
    atUs: call,
    streams: [{ streamId: STREAM, expectedVersion: 'any', ids: [id] }],
  }))
  for (const call of ids.keys()) {
    const position = positionAt(order.indexOf(call))
    const streams = [{ version: 0, position }]
    records.push({ kind: 'ok', operation: `p1.0.${call}`, atUs: 10 + call, streams, repeated: false })
  }
  handled.forEach((call, index) => {
    const place = order.indexOf(call)
    const seen = { group: 'audit', consumer: 'p1', partition: 0, fencingToken: 1, streamId: STREAM }
    const event = { id: ids[call] ?? '', version: place * 10 + 5, position: positionAt(place) }
    for (const kind of ['handling', 'handled'] as const)
      records.push({ kind, ...seen, ...event, atUs: 100 + index * 10 })
  })
  const contents = {
    isLog: true,
    streams: { [STREAM]: order.map((call) => ids[call] ?? '') },
    feed: [feed],
    damaged: [],
    documents: [],
    counted: {},
  }
  return checkHistory({ records, contents, groups: [GROUP] }).map(({ kind }) => kind)
}

it('finds nothing in a log whose sequences have gaps', () => {
  expect(violationsOf([0, 1, 2])).toEqual([])
})

it('finds calls of one publisher that stand in another order', () => {
  expect(violationsOf([1, 0, 2])).toContain('reordered')
})

it('finds what was acknowledged and is not there', () => {
  expect(violationsOf([0, 2])).toContain('lost')
})

it('finds what stands twice, what was passed over and what was handled out of order', () => {
  expect(violationsOf([0, 1, 2, 1])).toContain('doubled')
  expect(violationsOf([0, 1, 2], [0, 2])).toContain('skipped')
  expect(violationsOf([0, 1, 2], [1, 0, 2])).toContain('reordered')
})
