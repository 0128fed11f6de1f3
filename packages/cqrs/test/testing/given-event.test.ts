import { parsePosition } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { describe, expect, test } from 'vitest'
import { GivenEvent } from '../../src/testing/given-event.ts'

describe('an event of a specification', () => {
  const full = {
    type: 'Happened',
    data: { cents: 5, nothing: undefined, list: [1, { deep: true }] },
    metadata: { correlationId: 'c' },
    tags: ['a'],
    occurredAt: new Date(0),
    schemaVersion: 2,
  }

  test('looks like one that was stored', async () => {
    await using backend = memory()
    // What a store refuses cannot be given either; this one is in both.
    const event = { ...full, data: { cents: 5, list: [1, { deep: true }] } }
    await backend.store.append('account:1', [event])
    const [stored] = await backend.store.read('account:1').toArray()
    const given = new GivenEvent(event, 'account:1', 1, 1)
    const own = { id: 0, position: 0, timestamp: 0 }
    expect({ ...given.toJSON(), ...own }).toEqual({ ...stored?.toJSON(), ...own })
    expect(parsePosition(given.position).sequence).toBe(1)
    const later = new GivenEvent(event, 'account:1', 2, 2)
    expect(later.id).not.toBe(given.id)
    expect(Date.parse(later.timestamp)).toBeGreaterThan(Date.parse(given.timestamp))
  })

  test('keeps bytes, and what makes it recognisable', () => {
    const bytes = new Uint8Array([1, 2])
    const id = '00000000-0000-4000-8000-000000000001'
    const event = new GivenEvent(
      { type: 'Sent', data: bytes, contentType: 'image/png', id },
      'account:1',
      1,
      1,
    )
    expect([event.data, event.id]).toEqual([bytes, id])
    expect(event.toJSON()).toMatchObject({ data: 'AQI=', contentType: 'image/png' })
  })

  test('cannot be changed', () => {
    const { data } = new GivenEvent(full, 'account:1', 1, 1)
    expect(data).toEqual({ cents: 5, list: [1, { deep: true }] })
    expect(Object.isFrozen(data)).toBe(true)
    expect(Object.isFrozen((data as { list: readonly unknown[] }).list[1])).toBe(true)
  })
})
