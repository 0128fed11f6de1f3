import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startProgress } from '../src/progress.ts'
import { RateMeter } from '../src/rate-meter.ts'

/** A stream that can say that it is a terminal: what the progress asks of one. */
function testStream(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120, fd: 2 })
  // Sound: only `isTTY`, `columns` and the methods of a writable stream are used.
  return stream as typeof stream & NodeJS.WriteStream
}

const options = { label: 'replaying', unit: 'commits', total: 10_000, done: 1000 }

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

test('prints a line now and then where there is no terminal', () => {
  const stream = testStream(false)
  const progress = startProgress(options, stream)
  for (let second = 1; second <= 11; second++) {
    vi.advanceTimersByTime(1000)
    progress.update(1000 + second * 100, second * 2500)
  }
  progress.stop()
  expect(String(stream.read())).toBe(
    [
      'replaying: 1,500 of 10,000 commits (15%), 2,500 events/s, 1 min 25 s left',
      'replaying: 2,000 of 10,000 commits (20%), 2,500 events/s, 1 min 20 s left',
      '',
    ].join('\n'),
  )
})

test('draws a bar with rate and remaining time on a terminal', () => {
  vi.stubEnv('CI', undefined)
  const stream = testStream(true)
  const progress = startProgress(options, stream)
  vi.advanceTimersByTime(1000)
  progress.update(5500, 4500)
  vi.advanceTimersByTime(1000)
  progress.update(10_000, 9000)
  vi.advanceTimersByTime(1000)
  progress.stop()
  const drawn = String(stream.read())
  expect(drawn).toMatch(/replaying █+░+ 55% \| 5500 of 10000 commits \| 4,500 events\/s \| 1 s left/)
  expect(drawn).toMatch(/replaying █+ 100% \| 10000 of 10000 commits/)
})

test('measures the speed of the last five seconds', () => {
  const meter = new RateMeter()
  expect(meter.perSecond).toBe(0)
  for (let ms = 0; ms <= 10_000; ms += 10) meter.add(ms, ms)
  expect(meter.perSecond).toBeCloseTo(1000)
  for (let ms = 10_000; ms <= 20_000; ms += 10) meter.add(ms, 10_000)
  expect(meter.perSecond).toBe(0)
})
