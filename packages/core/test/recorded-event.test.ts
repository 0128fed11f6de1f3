import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { StoredEvent } from '../src/adapter.ts'
import { recordedEvents } from '../src/recorded-event.ts'

const stored: StoredEvent = {
  id: '0191b8a0-7c3e-7000-8000-0123456789ab',
  type: 'Counted',
  schemaVersion: 2,
  codec: 0,
  data: '{"n":1}',
  metadata: '{"user":"u","$tags":["t"],"$occurredAt":"2024-02-29T12:00:00Z"}',
  streamId: 'counter:1',
  version: 7,
  partition: 0,
  sequence: 9,
  timestampMs: 0,
}

function recorded(row: StoredEvent) {
  const [event] = recordedEvents([row], 'a'.repeat(16))
  if (event === undefined) throw new Error('no event')
  return event
}

describe('a recorded event', () => {
  it('decodes its body once, and gives the same value each time', () => {
    const event = recorded(stored)
    expect(event.data).toEqual({ n: 1 })
    expect(event.data).toBe(event.data)
  })

  it('does not touch a body that nobody reads', () => {
    const event = recorded({ ...stored, data: 'not JSON', metadata: 'not JSON' })
    expect([event.id, event.type, event.streamId, event.streamPosition, event.schemaVersion]).toEqual([
      stored.id,
      'Counted',
      'counter:1',
      7,
      2,
    ])
    expect(event.position).toMatch(/^a{16}\.0\.9\.[0-9a-f]{8}$/)
    expect(event.timestamp).toBe('1970-01-01T00:00:00.000Z')
    expect(() => event.data).toThrow(SyntaxError)
  })

  it('keeps the envelope’s own keys out of the user’s metadata', () => {
    const event = recorded(stored)
    expect(event.metadata).toEqual({ user: 'u' })
    expect(event.tags).toEqual(['t'])
    expect(event.occurredAt).toBe('2024-02-29T12:00:00Z')
    expect(event.contentType).toBeUndefined()
  })

  it('prints and serialises as a plain object', () => {
    const event = recorded(stored)
    const plain = event.toJSON()
    expect(Object.keys(plain)).not.toContain('contentType')
    expect(JSON.parse(JSON.stringify([event]))).toEqual([plain])
    expect(inspect(event)).toBe(inspect(plain))
  })

  it('refuses data that is kept apart when it is touched, and nothing else', () => {
    const event = recorded({ ...stored, codec: 2, data: '{"codec":0,"segments":{}}' })
    expect(event.metadata).toEqual(recorded(stored).metadata)
    expect(() => event.data).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }))
    expect(() => event.toJSON()).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }))
    expect(inspect(event)).toContain('kept apart')
  })

  it('refuses a body of a codec that a later version wrote', () => {
    // What a later version may have stored.
    const event = recorded({ ...stored, codec: 9 as 0 })
    expect(() => event.data).toThrow(expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }))
  })
})
