import type { GroupCheckpoint } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { decodeOffset, encodeOffsetMetadata } from '../src/groups/offset-metadata.ts'

const checkpoint: GroupCheckpoint = {
  sequence: 42,
  check: '0badcafe',
  incarnation: '0123456789abcdef',
  epoch: 7,
  parked: [
    { streamId: 'order:1', sequence: 40, check: '00c0ffee', attempts: 5, error: 'Error: no such order' },
  ],
}

describe("an offset's metadata", () => {
  it('is as docs/wire.md has it', () => {
    expect(encodeOffsetMetadata(checkpoint)).toBe(
      '{"format":"eventspine/1","incarnation":"0123456789abcdef","check":"0badcafe","epoch":7,' +
        '"parked":[["order:1",40,"00c0ffee",5,"Error: no such order"]]}',
    )
  })

  it('brings the checkpoint back', () => {
    expect(decodeOffset('42', encodeOffsetMetadata(checkpoint), 'another')).toEqual(checkpoint)
    const start = { ...checkpoint, sequence: 0, check: undefined, parked: [] }
    expect(decodeOffset('0', encodeOffsetMetadata(start), 'another')).toEqual(start)
  })

  it('of others is a place with nothing parked', () => {
    const place = { sequence: 9, check: undefined, incarnation: 'mine', epoch: 0, parked: [] }
    for (const metadata of [null, '', 'theirs', '{"format":"other"}'])
      expect(decodeOffset('9', metadata, 'mine')).toEqual(place)
  })

  it('is nothing where nothing was committed', () => {
    expect(decodeOffset('-1', null, 'mine')).toBeUndefined()
  })

  it('of a newer version is refused', () => {
    expect(() => decodeOffset('9', '{"format":"eventspine/2","epoch":1}', 'mine')).toThrow(/unknown format/)
  })

  it('keeps less of the errors when many streams are parked, and is refused when even that is too much', () => {
    const many = (count: number): GroupCheckpoint => ({
      ...checkpoint,
      parked: Array.from({ length: count }, (_, index) => ({
        streamId: `order:${index}`,
        sequence: index + 1,
        check: '00c0ffee',
        attempts: 5,
        error: 'é'.repeat(200),
      })),
    })
    const text = encodeOffsetMetadata(many(60))
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096)
    expect(decodeOffset('42', text, '')?.parked).toHaveLength(60)
    expect(() => encodeOffsetMetadata(many(200))).toThrow(
      expect.objectContaining({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('200 parked streams'),
      }),
    )
  })
})
