import { EventStoreError } from '@eventspine/core'
import { Faults, memory, MemoryDatabase } from '@eventspine/memory'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { messageSchedule, type ScheduleNotice } from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { collected } from '../collected.ts'

const DEADLINE = { timeout: 60_000, interval: 5 }
const QUICK = { pollMs: 5, leaseMs: 600_000, retry: { initialDelayMs: 0, maxDelayMs: 0 } }

let database: MemoryDatabase
let faults: Faults
let clock: FakeClock
let delivered: string[]
let notices: ScheduleNotice[]
const deliver = (message: string): void => void delivered.push(message)
const onNotice = (notice: ScheduleNotice): void => void notices.push(notice)

function openSchedule() {
  return messageSchedule<string>(memory({ database, faults }).documents, { name: 'r', clock: clock.now })
}

beforeEach(() => {
  database = new MemoryDatabase()
  faults = new Faults()
  clock = new FakeClock()
  delivered = []
  notices = []
})

describe('a running schedule', () => {
  test('delivers what becomes due, also what another process has added', async () => {
    await using _running = openSchedule().run({ ...QUICK, deliver, onNotice })
    const elsewhere = openSchedule()
    await elsewhere.add('a', clock.now(), 'now')
    await vi.waitFor(() => expect(delivered).toEqual(['now']), DEADLINE)
    await elsewhere.add('b', clock.now() + 3_600_000, 'later')
    clock.advance(3_600_000)
    await vi.waitFor(() => expect(delivered).toEqual(['now', 'later']), DEADLINE)
    expect(notices).toEqual([])
  })

  test('goes on after an outage', async () => {
    const schedule = openSchedule()
    await schedule.add('a', clock.now(), 'hello')
    faults.failBefore('list', { times: 3 })
    await using running = schedule.run({ ...QUICK, deliver, onNotice })
    await vi.waitFor(() => expect(delivered).toEqual(['hello']), DEADLINE)
    await vi.waitFor(() => expect(running.delivered).toBe(1), DEADLINE)
    expect(notices.map(({ kind }) => kind)).toEqual(['backend-error', 'backend-error', 'backend-error'])
  })

  test('settles a message whose reply was lost without delivering it again', async () => {
    const schedule = openSchedule()
    await schedule.add('a', clock.now(), 'hello')
    // The claim passes, the reply to what settles it is lost.
    faults.failAfter('write', { skip: 1 })
    expect(await schedule.runOnce({ ...QUICK, deliver, onNotice })).toEqual({ delivered: 1, failed: 0 })
    expect(await schedule.find('a')).toBeUndefined()
    expect(notices).toEqual([])
  })

  test('takes over its own claim whose reply was lost', async () => {
    const schedule = openSchedule()
    await schedule.add('a', clock.now(), 'hello')
    faults.failAfter('write')
    await using _running = schedule.run({ ...QUICK, deliver, onNotice })
    await vi.waitFor(() => expect(delivered).toEqual(['hello']), DEADLINE)
    expect(notices.map(({ kind }) => kind)).toEqual(['backend-error'])
  })

  test('ends by itself when the backend refuses for good, and says so', async () => {
    faults.failBefore('list', { error: new EventStoreError('ACCESS_DENIED', 'no rights') })
    const running = openSchedule().run({ ...QUICK, deliver, onNotice })
    await expect(running.completed).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(notices).toMatchObject([{ kind: 'ended', error: { code: 'ACCESS_DENIED' } }])
    await running.stop()
  })

  test('finishes what is in hand when it stops, and begins nothing more', async () => {
    const schedule = openSchedule()
    await schedule.add('a', clock.now(), 'slow')
    await schedule.add('b', clock.now(), 'next')
    let finish = (): void => undefined
    const slow = new Promise<void>((resolve) => (finish = resolve))
    const begun: string[] = []
    const running = schedule.run({
      ...QUICK,
      concurrency: 1,
      deliver: async (message) => {
        begun.push(message)
        await slow
        delivered.push(message)
      },
    })
    await vi.waitFor(() => expect(begun).toHaveLength(1), DEADLINE)
    const stopped = running.stop()
    finish()
    await stopped
    await running.completed
    expect(delivered).toEqual(begun)
    expect(begun).toHaveLength(1)
    const left = await collected(schedule.pending())
    expect(left.map(({ message }) => message)).not.toEqual(begun)
    expect(left).toHaveLength(1)
  })

  test('leaves a delivery that does not end to another run', async () => {
    const schedule = openSchedule()
    await schedule.add('a', clock.now(), 'hangs')
    let aborted: unknown
    const hanging = schedule.run({
      ...QUICK,
      leaseMs: 100,
      deliver: (_message, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true
            // Later than anybody waits for.
            setImmediate(resolve)
          })
          delivered.push('begun')
        }),
    })
    await vi.waitFor(() => expect(delivered).toEqual(['begun']), DEADLINE)
    await hanging.stop({ timeoutMs: 1 })
    expect(aborted).toBe(true)
    await using _running = openSchedule().run({ ...QUICK, deliver })
    await vi.waitFor(() => expect(delivered).toEqual(['begun', 'hangs']), DEADLINE)
  })
})
