import { type DocumentStore, EventStoreError } from '@eventspine/core'
import { MemoryDatabase } from '@eventspine/memory'
import { beforeEach, describe, expect, test } from 'vitest'
import { type MessageSchedule, messageSchedule, type ScheduleNotice } from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { failureOf } from '../failure-of.ts'
import { kindsOfDocuments, MortalBackend } from '../mortal-backend.ts'

describe.each(kindsOfDocuments)('a schedule on documents with $kind', ({ narrower }) => {
  let database: MemoryDatabase
  let clock: FakeClock
  let documents: DocumentStore
  let schedule: MessageSchedule<string>
  let delivered: string[]
  const deliver = (message: string): void => void delivered.push(message)
  /** With leases that are never waited for, and failures that are tried again a second later by the clock. */
  const options = {
    deliver,
    leaseMs: 600_000,
    retry: { initialDelayMs: 1000, maxDelayMs: 1000 },
    onNotice: () => undefined,
  }

  function openSchedule(): MessageSchedule<string> {
    const { backend } = new MortalBackend(database, { narrower })
    documents = backend.documents
    return messageSchedule(documents, { name: 'reminders', clock: clock.now })
  }

  async function entriesLeft(): Promise<readonly string[]> {
    const keys: string[] = []
    const entries = documents.collection('schedule:reminders:due', { listed: true })
    for await (const { key } of entries.list()) keys.push(key)
    return keys
  }

  async function waiting(): Promise<readonly string[]> {
    const ids: string[] = []
    for await (const { id } of schedule.pending()) ids.push(id)
    return ids.toSorted()
  }

  beforeEach(() => {
    database = new MemoryDatabase({ partitions: 4 })
    clock = new FakeClock()
    schedule = openSchedule()
    delivered = []
  })

  test('delivers a message when it is due and not a millisecond before', async () => {
    await schedule.add('a', clock.now() + 1000, 'hello')
    clock.advance(999)
    expect(await schedule.runOnce(options)).toEqual({ delivered: 0, failed: 0 })
    clock.advance(1)
    expect(await schedule.runOnce(options)).toEqual({ delivered: 1, failed: 0 })
    expect(delivered).toEqual(['hello'])
    expect(await schedule.runOnce(options)).toEqual({ delivered: 0, failed: 0 })
    expect(await entriesLeft()).toEqual([])
  })

  test('tells the handler what it delivers', async () => {
    const dueAt = new Date(clock.now() - 5)
    await schedule.add('a', dueAt, 'late already')
    const contexts: unknown[] = []
    await schedule.runOnce({
      ...options,
      deliver: (message, { signal, ...context }) =>
        void contexts.push({ message, ...context, aborted: signal.aborted }),
    })
    expect(contexts).toEqual([
      { message: 'late already', id: 'a', dueAtMs: dueAt.getTime(), attempt: 1, aborted: false },
    ])
  })

  test('delivers many that are due at once, each once', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `m${index}`)
    await Promise.all(ids.map((id) => schedule.add(id, clock.now() + (id.length % 2), id)))
    clock.advance(1)
    expect(await schedule.runOnce(options)).toEqual({ delivered: 250, failed: 0 })
    expect(delivered.toSorted()).toEqual(ids.toSorted())
    expect(await entriesLeft()).toEqual([])
  })

  test('takes an id once: while it waits, when it was delivered and when it was cancelled', async () => {
    const dueAtMs = clock.now() + 10
    expect(await schedule.add('a', dueAtMs, 'hello')).toEqual({ dueAtMs, repeated: false })
    expect(await schedule.add('a', dueAtMs + 5, 'hello')).toEqual({ dueAtMs, repeated: true })
    expect(await failureOf(schedule.add('a', dueAtMs, 'other'))).toMatchObject({
      code: 'ID_REUSED',
      outcome: 'not-applied',
    })
    clock.advance(10)
    await schedule.runOnce(options)
    expect(await schedule.add('a', dueAtMs + 100, 'hello')).toEqual({ dueAtMs, repeated: true })
    await schedule.add('b', dueAtMs, 'bye')
    await schedule.cancel('b')
    expect(await schedule.add('b', dueAtMs, 'bye')).toEqual({ dueAtMs, repeated: true })
    clock.advance(1000)
    await schedule.runOnce(options)
    expect(delivered).toEqual(['hello'])
  })

  test('forgets a settled id after keepMs', async () => {
    // Expiry is judged by the clock of the documents.
    database = new MemoryDatabase({ partitions: 4, clock: clock.now })
    const { backend } = new MortalBackend(database, { narrower })
    const short = messageSchedule<string>(backend.documents, {
      name: 'short',
      clock: clock.now,
      keepMs: 1000,
    })
    await short.add('a', clock.now(), 'hello')
    await short.runOnce(options)
    clock.advance(999)
    expect(await short.add('a', clock.now(), 'hello')).toMatchObject({ repeated: true })
    clock.advance(1)
    expect(await short.add('a', clock.now(), 'hello')).toMatchObject({ repeated: false })
  })

  test('delivers nothing that was cancelled, and says what a cancellation found', async () => {
    await schedule.add('a', clock.now() + 10, 'hello')
    await schedule.add('b', clock.now() + 10, 'bye')
    expect(await schedule.cancel('a')).toBe('cancelled')
    expect(await schedule.cancel('a')).toBe('cancelled')
    expect(await schedule.cancel('nobody')).toBe('missing')
    clock.advance(10)
    await schedule.runOnce(options)
    expect(delivered).toEqual(['bye'])
    expect(await schedule.cancel('b')).toBe('delivered')
    expect(await entriesLeft()).toEqual([])
  })

  test('a cancellation during a delivery ends it, and it is not tried again', async () => {
    await schedule.add('a', clock.now(), 'hello')
    const notices: ScheduleNotice[] = []
    await schedule.runOnce({
      ...options,
      leaseMs: 100,
      deliver: async (_message, { signal }) => {
        expect(await schedule.cancel('a')).toBe('begun')
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        signal.throwIfAborted()
      },
      onNotice: (notice) => notices.push(notice),
    })
    expect(notices).toMatchObject([{ kind: 'lease-lost', id: 'a', error: { code: 'LEASE_LOST' } }])
    expect(await schedule.cancel('a')).toBe('begun')
    clock.advance(10_000)
    expect(await schedule.runOnce(options)).toEqual({ delivered: 0, failed: 0 })
    expect(await entriesLeft()).toEqual([])
  })

  test('tries a failed delivery again until it succeeds, and others meanwhile', async () => {
    await schedule.add('a', clock.now(), 'poison')
    await schedule.add('b', clock.now(), 'fine')
    const notices: ScheduleNotice[] = []
    const failing = {
      ...options,
      deliver: (message: string) => {
        if (message === 'poison') throw new TypeError('not today')
        deliver(message)
      },
      onNotice: (notice: ScheduleNotice) => notices.push(notice),
    }
    expect(await schedule.runOnce(failing)).toEqual({ delivered: 1, failed: 1 })
    expect(await schedule.find('a')).toMatchObject({ attempts: 1, error: 'TypeError: not today' })
    clock.advance(1000)
    expect(await schedule.runOnce(failing)).toEqual({ delivered: 0, failed: 1 })
    expect(notices).toMatchObject([
      { kind: 'retry', id: 'a', attempt: 1 },
      { kind: 'retry', id: 'a', attempt: 2 },
    ])
    clock.advance(1000)
    expect(await schedule.runOnce(options)).toEqual({ delivered: 1, failed: 0 })
    expect(delivered).toEqual(['fine', 'poison'])
    expect(await entriesLeft()).toEqual([])
  })

  describe('when the clock jumps', () => {
    test('forward: all that became due is delivered', async () => {
      await schedule.add('soon', clock.now() + 1000, 'soon')
      await schedule.add('next year', clock.now() + 365 * 24 * 3600_000, 'next year')
      clock.advance(366 * 24 * 3600_000)
      await schedule.runOnce(options)
      expect(delivered.toSorted()).toEqual(['next year', 'soon'])
    })

    test('back: what is due no more waits, and comes when it is due again', async () => {
      await schedule.add('a', clock.now() + 1000, 'a')
      clock.advance(5000)
      await schedule.add('b', clock.now(), 'b')
      clock.advance(-4500)
      expect(await schedule.runOnce(options)).toEqual({ delivered: 0, failed: 0 })
      clock.advance(500)
      await schedule.runOnce(options)
      expect(delivered).toEqual(['a'])
      clock.advance(4000)
      await schedule.runOnce(options)
      expect(delivered).toEqual(['a', 'b'])
    })

    test('back during a delivery that fails: it is not tried before it is due', async () => {
      const dueAtMs = clock.now()
      await schedule.add('a', dueAtMs, 'a')
      await schedule.runOnce({
        ...options,
        deliver: () => {
          clock.advance(-50_000)
          throw new Error('the clock is wrong')
        },
      })
      clock.set(dueAtMs - 1)
      expect(await schedule.runOnce(options)).toEqual({ delivered: 0, failed: 0 })
      clock.set(dueAtMs)
      expect(await schedule.runOnce(options)).toEqual({ delivered: 1, failed: 0 })
    })
  })

  test('shows what waits', async () => {
    const dueAtMs = clock.now() + 1000
    await schedule.add('a', dueAtMs, 'hello')
    await schedule.add('b', dueAtMs, 'bye')
    await schedule.add('c', dueAtMs, 'gone')
    await schedule.cancel('c')
    expect(await waiting()).toEqual(['a', 'b'])
    expect(await schedule.find('a')).toEqual({
      id: 'a',
      dueAtMs,
      message: 'hello',
      attempts: 0,
      error: undefined,
    })
    expect(await schedule.find('c')).toBeUndefined()
  })

  test('two runs of two processes share the messages, and deliver each once', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `m${index}`)
    for (const id of ids) await schedule.add(id, clock.now(), id)
    const others = openSchedule()
    const results = await Promise.all([schedule.runOnce(options), others.runOnce(options)])
    expect(results[0].delivered + results[1].delivered).toBe(60)
    expect(delivered.toSorted()).toEqual(ids.toSorted())
    expect(await waiting()).toEqual([])
  })

  test('leaves a message to the run that delivers it', async () => {
    await schedule.add('a', clock.now(), 'slow')
    let finish = (): void => undefined
    const finished = new Promise<void>((resolve) => (finish = resolve))
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const slow = schedule.runOnce({
      ...options,
      deliver: async () => {
        begin()
        await finished
      },
    })
    await begun
    const others = await openSchedule().runOnce({ ...options, pollMs: 1, budgetMs: 50 })
    expect(others).toEqual({ delivered: 0, failed: 0 })
    finish()
    expect(await slow).toEqual({ delivered: 1, failed: 0 })
    expect(delivered).toEqual([])
  })

  test('refuses what is no name, id or time before anything is written', async () => {
    expect(() => messageSchedule(documents, { name: '' })).toThrow(EventStoreError)
    expect(() => messageSchedule(documents, { name: 'x', keepMs: 0 })).toThrow(EventStoreError)
    for (const refused of [
      schedule.add('', clock.now(), 'x'),
      schedule.add('x'.repeat(300), clock.now(), 'x'),
      schedule.add('x', Number.NaN, 'x'),
      schedule.add('x', -1, 'x'),
      schedule.add('x', new Date('no date'), 'x'),
    ]) {
      expect(await failureOf(refused)).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    expect(await waiting()).toEqual([])
  })
})

test('a backend that lists no documents refuses a schedule', () => {
  const { backend } = new MortalBackend(new MemoryDatabase(), { narrower: { listing: 'none' } })
  expect(() => messageSchedule(backend.documents, { name: 'x' })).toThrow(
    expect.objectContaining({ code: 'NOT_SUPPORTED' }),
  )
})
