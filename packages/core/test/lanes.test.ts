import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Commit, CommitOutcome } from '../src/adapter.ts'
import type { Capabilities } from '../src/capabilities.ts'
import { EventStoreError } from '../src/error.ts'
import { Lanes } from '../src/lanes.ts'

interface Sent {
  readonly names: readonly string[]
  readonly lockTimeoutMs: number
  readonly reply: () => void
  readonly fail: (error: unknown) => void
}

/** Stands in for an adapter: batches stay under way until the test answers them. */
class Wire {
  readonly sent: Sent[] = []
  readonly lanes: Lanes

  constructor(declared: Partial<Capabilities> = {}) {
    const caps = { batchScope: 'store', maxCommitsPerBatch: 4, maxEventsPerBatch: 10, batchesInFlight: 1 }
    // Lanes read these four keys only.
    const capabilities = { ...caps, ...declared } as Capabilities
    this.lanes = new Lanes(
      capabilities,
      (commits, lockTimeoutMs) =>
        new Promise<readonly CommitOutcome[]>((resolve, reject) => {
          const reply = () => resolve(commits.map(() => ({ ok: true, streams: [], revisions: [] })))
          this.sent.push({ names: commits.map(nameOf), lockTimeoutMs, reply, fail: reject })
        }),
    )
  }

  submit(
    streamId: string,
    options: { events?: number; partition?: number; lockTimeoutMs?: number; signal?: AbortSignal } = {},
  ) {
    const { events = 1, partition = 0, lockTimeoutMs = 1000, signal } = options
    return this.lanes.submit(commitOf(streamId, events, partition), lockTimeoutMs, signal)
  }

  /** The streams of each batch sent so far. */
  get batches(): readonly (readonly string[])[] {
    return this.sent.map(({ names }) => names)
  }

  async reply(batch: number): Promise<void> {
    this.sent[batch]?.reply()
    await settled()
  }
}

function commitOf(streamId: string, events: number, partition: number): Commit {
  const event = { id: 'id', type: 'T', schemaVersion: 1, codec: 0, data: '1', metadata: '{}' } as const
  const appends = [
    {
      streamId,
      partition,
      expectedVersion: 'any' as const,
      events: Array.from({ length: events }, () => event),
    },
  ]
  return { appends, documents: [] }
}

function nameOf(commit: Commit): string {
  return commit.appends[0]?.streamId ?? ''
}

/** All microtasks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('lanes', () => {
  it('send a lone commit within the same turn of the event loop', async () => {
    const wire = new Wire()
    void wire.submit('a')
    await Promise.resolve()
    expect(wire.batches).toEqual([['a']])
  })

  it('send together what is submitted in one turn, and what waits meanwhile with the next batch', async () => {
    const wire = new Wire()
    const first = [wire.submit('a'), wire.submit('b')]
    await settled()
    const second = [wire.submit('c'), wire.submit('a')]
    await settled()
    expect(wire.batches).toEqual([['a', 'b']])
    await wire.reply(0)
    expect(wire.batches).toEqual([
      ['a', 'b'],
      ['c', 'a'],
    ])
    await wire.reply(1)
    await expect(Promise.all([...first, ...second])).resolves.toHaveLength(4)
  })

  it('keep to the caps, in the order of arrival', async () => {
    const wire = new Wire()
    for (const name of ['a', 'b', 'c', 'd', 'e']) void wire.submit(name)
    for (const events of [6, 5, 4, 10]) void wire.submit(`n${events}`, { events })
    for (let batch = 0; batch < 4; batch++) {
      await settled()
      await wire.reply(batch)
    }
    expect(wire.batches).toEqual([['a', 'b', 'c', 'd'], ['e', 'n6'], ['n5', 'n4'], ['n10']])
  })

  it('send a commit that is larger than a batch alone, and do not let small ones pass it for ever', async () => {
    const wire = new Wire()
    void wire.submit('small')
    void wire.submit('huge', { events: 25 })
    void wire.submit('late')
    await settled()
    await wire.reply(0)
    await wire.reply(1)
    expect(wire.batches).toEqual([['small'], ['huge'], ['late']])
  })

  it('have one lane a partition where a batch holds one partition only', async () => {
    const wire = new Wire({ batchScope: 'partition' })
    void wire.submit('a', { partition: 0 })
    void wire.submit('b', { partition: 1 })
    await settled()
    void wire.submit('c', { partition: 1 })
    await wire.reply(1)
    expect(wire.batches).toEqual([['a'], ['b'], ['c']])
  })

  it('let other streams pass, but never a later commit of a stream that is under way or held back', async () => {
    const wire = new Wire({ batchesInFlight: 2, maxCommitsPerBatch: 1 })
    for (const name of ['a', 'a', 'b', 'c', 'a']) void wire.submit(name)
    await settled()
    expect(wire.batches).toEqual([['a'], ['b']])
    await wire.reply(1)
    expect(wire.batches).toEqual([['a'], ['b'], ['c']])
    await wire.reply(2)
    expect(wire.batches).toHaveLength(3)
    await wire.reply(0)
    expect(wire.batches).toEqual([['a'], ['b'], ['c'], ['a']])
    await wire.reply(3)
    expect(wire.batches.at(-1)).toEqual(['a'])
  })

  it('hold a batch to the shortest wait that one of its commits has left, down to a twentieth of it', async () => {
    const wire = new Wire()
    void wire.submit('a', { lockTimeoutMs: 500 })
    void wire.submit('b', { lockTimeoutMs: 20 })
    await settled()
    expect(wire.sent[0]?.lockTimeoutMs).toBeGreaterThan(0)
    expect(wire.sent[0]?.lockTimeoutMs).toBeLessThanOrEqual(20)
    void wire.submit('c', { lockTimeoutMs: 40 })
    const longAfterMs = performance.now() + 60
    while (performance.now() < longAfterMs) await settled()
    await wire.reply(0)
    expect(wire.sent[1]?.lockTimeoutMs).toBe(2)
  })

  it('take a commit out of the queue when its signal aborts, and nobody else', async () => {
    const wire = new Wire()
    void wire.submit('a')
    await settled()
    const abort = new AbortController()
    const aborted = wire.submit('b', { signal: abort.signal })
    void wire.submit('c')
    const reason = new Error('no longer wanted')
    abort.abort(reason)
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied', cause: reason })
    await wire.reply(0)
    expect(wire.batches).toEqual([['a'], ['c']])
  })

  it('say that nobody knows when the signal aborts under way, and leave no listener behind', async () => {
    const wire = new Wire()
    const abort = new AbortController()
    const done = wire.submit('a', { signal: abort.signal })
    await settled()
    await wire.reply(0)
    await done
    const aborted = wire.submit('a', { signal: abort.signal })
    await settled()
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
    expect(getEventListeners(abort.signal, 'abort')).toEqual([])
  })

  it('fail all of a batch that failed as a whole, and go on with the next', async () => {
    const wire = new Wire()
    const lost = [wire.submit('a'), wire.submit('b')]
    await settled()
    const next = wire.submit('c')
    const failure = new EventStoreError('BACKEND_UNAVAILABLE', 'gone', { outcome: 'unknown' })
    wire.sent[0]?.fail(failure)
    expect(await Promise.allSettled(lost)).toEqual(lost.map(() => ({ status: 'rejected', reason: failure })))
    await settled()
    await wire.reply(1)
    await expect(next).resolves.toMatchObject({ ok: true })
  })

  it('take a missing outcome for a defect of the adapter whose effect nobody knows', async () => {
    // Lanes read these four keys only.
    const capabilities = {
      batchScope: 'store',
      maxCommitsPerBatch: 9,
      maxEventsPerBatch: 9,
      batchesInFlight: 1,
    } as Capabilities
    const lanes = new Lanes(capabilities, () => Promise.resolve([{ ok: true, streams: [], revisions: [] }]))
    const [told, untold] = [
      lanes.submit(commitOf('a', 1, 0), 9, undefined),
      lanes.submit(commitOf('b', 1, 0), 9, undefined),
    ]
    await expect(told).resolves.toMatchObject({ ok: true })
    await expect(untold).rejects.toMatchObject({ code: 'BACKEND_FAILED', outcome: 'unknown' })
  })

  it('are drained when nothing waits and nothing is under way, also after a failure or an abort', async () => {
    const wire = new Wire({ batchScope: 'partition' })
    await wire.lanes.drain()
    const abort = new AbortController()
    void wire.submit('a', { partition: 0 })
    const failing = wire.submit('b', { partition: 1 })
    await settled()
    const aborted = wire.submit('c', { partition: 0, signal: abort.signal })
    let drained = false
    const draining = wire.lanes.drain().then(() => (drained = true))
    await wire.reply(0)
    await settled()
    expect(drained).toBe(false)
    wire.sent[1]?.fail(new Error('gone'))
    await expect(failing).rejects.toThrow('gone')
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    await settled()
    expect(drained).toBe(false)
    await wire.reply(2)
    await draining
  })
})
