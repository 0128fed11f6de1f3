import { expect, it } from 'vitest'
import { feedInfo, isLive, storedDocument, StoredRow } from '../src/codec.ts'

const id = '018f0000-0000-7000-8000-000000000001'

it('takes a row of a stream apart', () => {
  const row = new StoredRow(
    [`9007199254740991 12 1700000000123 32767 1 0 ${id} Money  Deposited`, '"AA=="', '{}'],
    3,
    'a b',
  )
  expect(row).toMatchObject({
    partition: 3,
    streamId: 'a b',
    sequence: 9_007_199_254_740_991,
    version: 12,
    timestampMs: 1_700_000_000_123,
    schemaVersion: 32_767,
    codec: 1,
    state: 0,
    id,
    type: 'Money  Deposited',
    data: '"AA=="',
    metadata: '{}',
  })
  expect(isLive(row)).toBe(true)
})

it('finds type and stream id of a row of the feed, whatever spaces they hold', () => {
  const row = new StoredRow([`1 1 -86400000 1 0 2 ${id}  T \n s:1 `, 'null', '{}'], 0, undefined)
  expect(row).toMatchObject({ type: ' T ', streamId: ' s:1 ', state: 2, timestampMs: -86_400_000 })
  expect(isLive(row)).toBe(false)
})

it('reads what stands before a page of the feed', () => {
  expect(feedInfo([`17 ${id}`, null, null])).toEqual({ last: 17, anchorId: id })
  expect(feedInfo(['0', null, null])).toEqual({ last: 0, anchorId: undefined })
})

it('reads a document with and without an expiry', () => {
  expect(storedDocument(['key', '1', '7', null], 1)).toEqual({
    value: '1',
    revision: '7',
    expiresAtMs: undefined,
  })
  expect(storedDocument(['1', '7', '1700000000123'], 0)).toEqual({
    value: '1',
    revision: '7',
    expiresAtMs: 1_700_000_000_123,
  })
})
