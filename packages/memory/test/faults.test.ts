import { EventStoreError, type ImportEvent, type NewEvent } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { Faults, memory } from '../src/index.ts'

const event = (): NewEvent & { readonly id: string } => ({
  type: 'Counted',
  data: 1,
  id: crypto.randomUUID(),
})

function open() {
  const faults = new Faults()
  const backend = memory({ faults })
  return {
    faults,
    backend,
    store: backend.store,
    notes: backend.documents.collection('notes', { listed: true }),
  }
}

describe('faults', () => {
  it('let an append fail before it is executed: not applied, and the same call succeeds afterwards', async () => {
    const { faults, store } = open()
    faults.failBefore('append')
    await expect(store.append('counter:1', [event()])).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      outcome: 'not-applied',
      retryable: true,
    })
    expect((await store.head('counter:1')).version).toBe(0)
    expect((await store.append('counter:1', [event()])).version).toBe(1)
  })

  it('lose the reply to an append that was executed: unknown, and a repeat at the version decides', async () => {
    const { faults, store } = open()
    const events = [event(), event()]
    faults.failAfter('append')
    await expect(store.append('counter:1', events, { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
    })
    expect(await store.append('counter:1', events, { expectedVersion: 0 })).toMatchObject({
      version: 2,
      repeated: true,
    })
    expect(await store.feed().toArray()).toHaveLength(2)
  })

  it('fail all commits of a batch that fail together, each with its own advice', async () => {
    const { faults, store } = open()
    faults.failAfter('append')
    const [exact, any] = await Promise.allSettled([
      store.append('counter:1', [event()], { expectedVersion: 0 }),
      store.append('counter:2', [event()]),
    ])
    expect(exact).toMatchObject({ status: 'rejected', reason: { outcome: 'unknown' } })
    expect(exact.status === 'rejected' ? String(exact.reason) : '').not.toContain('double')
    expect(any).toMatchObject({ status: 'rejected', reason: { outcome: 'unknown' } })
    expect(any.status === 'rejected' ? String(any.reason) : '').toContain('double')
    expect(await store.feed().toArray()).toHaveLength(2)
  })

  it('finish a removal by repeating it after its reply was lost', async () => {
    const { faults, store } = open()
    await store.append('counter:1', [event(), event()])
    faults.failAfter('remove')
    await expect(store.delete('counter:1')).rejects.toMatchObject({ outcome: 'unknown' })
    expect(await store.delete('counter:1')).toEqual({ version: 2 })
    expect(await store.feed().toArray()).toEqual([])
  })

  it('take any error, also one that no adapter should throw, and the wrapper then knows nothing of a write', async () => {
    const { faults, store, notes } = open()
    const odd = new TypeError('x is not a function')
    // What a defect of an adapter throws is no typed error.
    faults.failBefore('append', { error: odd as unknown as EventStoreError })
    await expect(store.append('counter:1', [event()])).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      outcome: 'unknown',
    })
    faults.failBefore('read', { error: odd as unknown as EventStoreError })
    await expect(store.read('counter:1').toArray()).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      outcome: 'not-applied',
      cause: odd,
    })
    faults.failBefore('write', { error: odd as unknown as EventStoreError })
    await expect(notes.put('n', 1)).rejects.toMatchObject({ code: 'BACKEND_FAILED', outcome: 'unknown' })
  })

  it('hit every step by its name, after those to skip and as often as asked', async () => {
    const { faults, backend, store, notes } = open()
    await store.append('counter:1', [event()])
    const after = await store.feedHead()
    const steps = {
      read: () => store.read('counter:1').toArray(),
      head: () => store.head('counter:1'),
      readFeed: () => store.feed().toArray(),
      feedHead: () => store.feedHead(),
      waitForFeed: () => store.waitForFeed({ after, timeoutMs: 1 }),
      import: () => store.import([recorded()]),
      seal: () => store.seal(0, false),
      get: () => notes.get('n'),
      write: () => notes.put('n', 1),
      list: async () => {
        for await (const { key } of notes.list()) expect(key).toBe('n')
      },
      transaction: () => backend.transaction(async () => undefined),
    } as const
    for (const [step, call] of Object.entries(steps)) {
      // The names of the steps are the keys of the table above.
      faults.failBefore(step as keyof typeof steps, { skip: 1, times: 2 })
      const outcomes: boolean[] = []
      for (let time = 0; time < 4; time++) {
        outcomes.push(
          await call().then(
            () => true,
            (error: unknown) => !EventStoreError.is(error, 'BACKEND_UNAVAILABLE'),
          ),
        )
      }
      expect({ step, outcomes }).toEqual({ step, outcomes: [true, false, false, true] })
    }
  })

  it('hold a step until it is let go, and forget what has not happened', async () => {
    const { faults, store } = open()
    const release = faults.hold('append')
    let done = false
    const appending = store.append('counter:1', [event()]).then(() => (done = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).toBe(false)
    release()
    await appending
    faults.failBefore('append', { times: 9 })
    faults.clear()
    await store.append('counter:1', [event()])
    faults.delay('append', 20)
    const startMs = performance.now()
    await store.append('counter:1', [event()])
    expect(performance.now() - startMs).toBeGreaterThan(15)
  })
})

/** Of another stream each time: what is already there would be passed over. */
function recorded(): ImportEvent {
  return {
    id: crypto.randomUUID(),
    type: 'Counted',
    schemaVersion: 1,
    streamId: `counter:${crypto.randomUUID()}`,
    streamPosition: 1,
    timestamp: '2001-01-01T00:00:00.000Z',
    data: 1,
    metadata: {},
  }
}
