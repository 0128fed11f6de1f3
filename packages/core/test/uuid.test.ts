import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

let isUuid: (value: string) => boolean
let uuidv7: () => string

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

beforeEach(async () => {
  // It remembers the latest time it gave out, which a test with a clock of its own would leave to the others.
  vi.resetModules()
  ;({ isUuid, uuidv7 } = await import('../src/uuid.ts'))
})

afterEach(() => {
  vi.useRealTimers()
})

describe('uuidv7', () => {
  it('has the form of RFC 9562 and tells the time', () => {
    const beforeMs = Date.now()
    const id = uuidv7()
    expect(id).toMatch(V7)
    expect(isUuid(id)).toBe(true)
    expect(timeOf(id)).toBeGreaterThanOrEqual(beforeMs)
    expect(timeOf(id)).toBeLessThanOrEqual(Date.now() + 1)
  })

  it('never repeats, and sorts as it was made, within a millisecond too', () => {
    const ids = Array.from({ length: 20_000 }, uuidv7)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.toSorted()).toEqual(ids)
    expect(ids.every((id) => V7.test(id))).toBe(true)
  })

  it('goes into the next millisecond when a millisecond is full', () => {
    vi.useFakeTimers({ now: Date.now() + 3_600_000 })
    const ids = Array.from({ length: 10_000 }, uuidv7)
    expect(ids.toSorted()).toEqual(ids)
    expect(timeOf(ids.at(-1) ?? '') - timeOf(ids[0] ?? '')).toBeLessThanOrEqual(3)
  })

  it('does not turn round when the clock steps back', () => {
    const before = uuidv7()
    vi.useFakeTimers({ now: Date.now() - 86_400_000 })
    const after = Array.from({ length: 100 }, uuidv7)
    expect([before, ...after].toSorted()).toEqual([before, ...after])
  })

  it('draws its other bits at random', () => {
    const ids = Array.from({ length: 2000 }, uuidv7)
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(ids.length)
    expect(new Set(ids.map((id) => id.charAt(19)))).toEqual(new Set(['8', '9', 'a', 'b']))
  })
})
