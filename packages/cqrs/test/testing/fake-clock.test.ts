import { memory } from '@eventspine/memory'
import { expect, test } from 'vitest'
import { FakeClock } from '../../src/testing/index.ts'

test('a fake clock stands until it is moved, in either direction', () => {
  const clock = new FakeClock('2026-11-21T00:00:00Z')
  const { now } = clock
  expect(now()).toBe(Date.UTC(2026, 10, 21))
  clock.advance(1500)
  expect(now()).toBe(Date.UTC(2026, 10, 21) + 1500)
  clock.advance(-1500)
  clock.set(new Date(0))
  expect(now()).toBe(0)
  expect(new FakeClock().now()).toBe(Date.UTC(2030, 0, 1))
  expect(() => clock.set('tomorrow')).toThrow('time: is not a time')
})

test('a backend in memory goes by it', async () => {
  const clock = new FakeClock()
  await using backend = memory({ clock: clock.now })
  await backend.store.append('a:1', [{ type: 'Happened', data: {} }])
  clock.advance(60_000)
  await backend.store.append('a:1', [{ type: 'Happened', data: {} }])
  const events = await backend.store.read('a:1').toArray()
  expect(events.map(({ timestamp }) => timestamp)).toEqual([
    '2030-01-01T00:00:00.000Z',
    '2030-01-01T00:01:00.000Z',
  ])
})
