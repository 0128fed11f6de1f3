import { setImmediate } from 'node:timers/promises'
import { type EventStore, EventStoreError, partitionOf } from '@eventspine/core'
import { Faults, memory, MemoryDatabase } from '@eventspine/memory'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openRepository } from '../src/git/repository.ts'
import { HistoryConflictError } from '../src/history-conflict-error.ts'
import { replay, type ReplayObserver } from '../src/replay.ts'
import { findStreams } from '../src/stored-tip.ts'
import { narrowStore } from './narrow-store.ts'
import { createOddRepository } from './odd-repository.ts'
import { recordedStreams, type RecordedStreams } from './recorded-streams.ts'
import { file, TestRepository } from './test-repository.ts'

// Each starts processes, which may wait for others of the machine.
vi.setConfig({ testTimeout: 30_000 })

interface Overrides {
  readonly limit?: number
  readonly fresh?: boolean
  readonly signal?: AbortSignal
  readonly observer?: Partial<ReplayObserver>
}

async function replayInto(store: EventStore, { path }: TestRepository, overrides: Overrides = {}) {
  const { branch, head } = await openRepository(path)
  if (head === undefined) throw new Error('the test needs a commit')
  const { limit = Infinity, fresh = false, signal = new AbortController().signal } = overrides
  const observer = {
    onStart: () => undefined,
    onProgress: () => undefined,
    onRetry: () => undefined,
    ...overrides.observer,
  }
  const names = await findStreams(store, branch, head.root, fresh)
  return await replay({ store, names, path, head, limit, signal, observer })
}

async function turnsOfTheLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

let repository: TestRepository
let clean: RecordedStreams

beforeAll(async () => {
  repository = createOddRepository()
  const { store } = memory()
  await replayInto(store, repository)
  clean = await recordedStreams(store)
})
afterAll(() => repository[Symbol.dispose]())

/** Stops a replay by an error after so many commits of the store. */
function dyingStore(store: EventStore, commits: number, narrower = {}): EventStore {
  let left = commits
  return narrowStore(store, narrower, async (_request, commit) => {
    if (left-- <= 0) throw new EventStoreError('CLOSED', 'died')
    return await commit()
  })
}

describe('a replay', () => {
  test('goes on from wherever it was stopped, to the same events', async () => {
    const { store } = memory()
    for (let limit = 1; limit <= 12; limit += 2) {
      const { commits, written } = await replayInto(store, repository, { limit })
      expect(commits).toBe(limit)
      expect(written.commits).toBe(limit === 1 ? 1 : 2)
    }
    await replayInto(store, repository)
    expect(await recordedStreams(store)).toEqual(clean)
  })

  test('leaves what is stored beyond its limit', async () => {
    const { store } = memory()
    await replayInto(store, repository, { limit: 5 })
    const { commits, commit } = await replayInto(store, repository, { limit: 2 })
    expect({ commits, commit }).toEqual({
      commits: 5,
      commit: repository.git('rev-list', '--first-parent', '--reverse', 'HEAD').split('\n')[4],
    })
  })

  test('tells whether two commits are equal by nothing but what git says', async () => {
    const stores = [memory().store, memory({ partitions: 16 }).store]
    for (const store of stores) await replayInto(store, repository)
    expect(await recordedStreams(stores[0] ?? memory().store)).toEqual(clean)
    expect(await recordedStreams(stores[1] ?? memory().store)).toEqual(clean)
  })

  test('appends a git commit as one where the backend can', async () => {
    const requests: number[] = []
    const store = narrowStore(memory().store, {}, (request, commit) => {
      requests.push(request.streams.length)
      return commit()
    })
    await replayInto(store, repository)
    expect(requests).toEqual([28, 11, 2, 2, 10, 3, 1, 4, 3, 1, 2, 2])
  })

  test('cuts a git commit at every limit of the backend, and its own event stands in the last part', async () => {
    for (const narrower of [{ maxAppendStreams: 3 }, { maxAppendEvents: 2 }, { maxAppendBytes: 40_000 }]) {
      const store = memory().store
      const narrow = narrowStore(store, narrower, (request, commit) => {
        expect(request.streams.length).toBeLessThanOrEqual(4)
        return commit()
      })
      await replayInto(narrow, repository)
      expect(await recordedStreams(store)).toEqual(clean)
    }
  })

  test('keeps each part within one partition where the backend asks for it', async () => {
    const store = memory({ partitions: 8 }).store
    const narrow = narrowStore(store, { multiStreamAppend: 'partition' }, (request, commit) => {
      expect(new Set(request.streams.map(({ streamId }) => partitionOf(streamId, 8))).size).toBe(1)
      return commit()
    })
    await replayInto(narrow, repository)
    expect(await recordedStreams(store)).toEqual(clean)
  })

  test('appends stream by stream, the commit last, where the backend knows nothing else', async () => {
    const store = memory({ partitions: 8 }).store
    const stored = new Set<string>()
    const narrow = narrowStore(store, { multiStreamAppend: 'none' }, async (request, commit) => {
      const [stream] = request.streams
      const [event] = stream?.events ?? []
      // An event of either contract has its commit, and a commit's how many files it has.
      const { commit: hash, files } = (event?.data ?? {}) as { commit?: string; files?: number }
      expect(request.streams.length).toBe(1)
      if (event?.type === 'CommitApplied')
        expect([...stored].filter((id) => id.startsWith(`${hash} `)).length).toBe(files)
      const result = await commit()
      stored.add(`${hash} ${stream?.streamId}`)
      return result
    })
    await replayInto(narrow, repository)
    expect(await recordedStreams(store)).toEqual(clean)
  })

  test('completes git commits in order, whichever has its files stored first', async () => {
    const { store } = memory()
    const completed: unknown[] = []
    const uneven = narrowStore(
      store,
      { multiStreamAppend: 'none' },
      async ({ streams: [stream] }, commit) => {
        const [event] = stream?.events ?? []
        const { commitNumber } = (event?.data ?? {}) as { commitNumber?: number }
        if (commitNumber === undefined) completed.push(stream?.expectedVersion)
        else if (commitNumber % 2 === 0) await turnsOfTheLoop(10)
        return await commit()
      },
    )
    await replayInto(uneven, repository)
    expect(completed).toEqual(Array.from({ length: 12 }, (_, version) => version))
  })

  test.each([
    ['store', {}],
    ['store, in small parts', { maxAppendStreams: 3 }],
    ['partition', { multiStreamAppend: 'partition' }],
    ['none', { multiStreamAppend: 'none' }],
  ] as const)(
    'writes nothing twice when it dies after any of its appends (%s)',
    { timeout: 30_000 },
    async (_scope, narrower) => {
      using small = new TestRepository()
      const changes = (content: string, paths: string) =>
        Array.from(paths, (path) => [path, file(content)] as const)
      small.commit('main', [
        { changes: changes('1', 'abcde') },
        {},
        { changes: changes('2', 'ef') },
        { changes: changes('3', 'a') },
      ])
      const { store } = memory()
      await replayInto(store, small)
      const whole = await recordedStreams(store)
      let died = true
      for (let appends = 0; died; appends++) {
        const { store } = memory({ partitions: 4 })
        const outcome = await replayInto(dyingStore(store, appends, narrower), small).catch(
          (error: unknown) => error,
        )
        died = EventStoreError.is(outcome, 'CLOSED')
        await replayInto(narrowStore(store, narrower), small)
        expect(await recordedStreams(store)).toEqual(whole)
      }
    },
  )

  test('goes on under other limits than those it was stopped under', async () => {
    const { store } = memory()
    const small = dyingStore(store, 5, { maxAppendStreams: 3 })
    await expect(replayInto(small, repository)).rejects.toThrow('died')
    await replayInto(store, repository)
    expect(await recordedStreams(store)).toEqual(clean)
  })

  test('keeps the order when appends fail and are tried again', async () => {
    const faults = new Faults()
    const { store } = memory({ faults })
    const retries: string[] = []
    faults.failBefore('append', { skip: 0, times: 2 })
    faults.failAfter('append', { skip: 1, times: 2 })
    await replayInto(store, repository, { observer: { onRetry: ({ outcome }) => retries.push(outcome) } })
    expect(new Set(retries)).toEqual(new Set(['not-applied', 'unknown']))
    expect(await recordedStreams(store)).toEqual(clean)
  })

  test('keeps the order when single appends among many fail', async () => {
    const { store } = memory()
    let calls = 0
    const flaky = narrowStore(store, { multiStreamAppend: 'none' }, async (_request, commit) => {
      if (++calls % 5 === 0) throw new EventStoreError('BUSY', 'busy', { retryable: true })
      const result = await commit()
      if (calls % 7 === 0)
        throw new EventStoreError('OUTCOME_UNKNOWN', 'lost', { retryable: true, outcome: 'unknown' })
      return result
    })
    await replayInto(flaky, repository)
    expect(await recordedStreams(store)).toEqual(clean)
  })

  test('stores everything once when two run at the same time', async () => {
    const database = new MemoryDatabase()
    const runs = [memory({ database }), memory({ database }), memory({ database })]
    const results = await Promise.all(runs.map(({ store }) => replayInto(store, repository)))
    expect(new Set(results.map(({ commit }) => commit)).size).toBe(1)
    expect(await recordedStreams(memory({ database }).store)).toEqual(clean)
  })

  test('stops between two commits when it is told to, and can go on', async () => {
    const { store } = memory()
    const stop = new AbortController()
    let appends = 0
    const stopping = narrowStore(store, {}, (_request, commit) => {
      if (++appends === 4) stop.abort(new Error('told to'))
      return commit()
    })
    await expect(replayInto(stopping, repository, { signal: stop.signal })).rejects.toThrow('told to')
    const onStart = (storedCommits: number) => expect(storedCommits).toBe(4)
    await replayInto(store, repository, { observer: { onStart } })
    expect(await recordedStreams(store)).toEqual(clean)
  })
})

describe('a history that was rewritten', () => {
  test('is refused, with nothing written, and stored beside the other when asked for', async () => {
    using rewritten = new TestRepository()
    rewritten.commit('main', [
      { changes: [['a', file('1')]] },
      { changes: [['a', file('2')]] },
      { changes: [['b', file('1')]] },
    ])
    const { store } = memory()
    await replayInto(store, rewritten)
    const before = await recordedStreams(store)
    rewritten.git('reset', '--quiet', '--hard', 'HEAD~2')
    await expect(replayInto(store, rewritten)).rejects.toThrow(
      /it has 3 commits, the repository 1; run with --fresh/,
    )
    rewritten.commit('main', [
      { changes: [['a', file('x')]] },
      { changes: [['a', file('y')]] },
      { changes: [['a', file('z')]] },
    ])
    await expect(replayInto(store, rewritten)).rejects.toThrow(HistoryConflictError)
    expect(await recordedStreams(store)).toEqual(before)

    await replayInto(store, rewritten, { fresh: true, limit: 2 })
    // From now on the newest edition is the one that goes on.
    expect(await replayInto(store, rewritten)).toMatchObject({
      commits: 4,
      events: 8,
      written: { commits: 2, events: 4 },
    })
    const after = await recordedStreams(store)
    for (const [streamId, events] of before) expect(after.get(streamId)).toEqual(events)
    expect(Array.from(after.keys(), (streamId) => streamId.replace(/@[0-9a-f]{12}/, '')).toSorted()).toEqual([
      'branch:main',
      'branch:main~2',
      'file:main/a',
      'file:main/b',
      'file:main~2/a',
    ])
  })

  test('is refused though its events would fit', async () => {
    using rewritten = new TestRepository()
    const start = rewritten.commit('main', [{ changes: [['a', file('1')]] }])
    rewritten.commit('main', [{ message: 'before', changes: [['a', file('2')]] }])
    const { store } = memory()
    await replayInto(store, rewritten)
    const before = await recordedStreams(store)
    rewritten.git('reset', '--quiet', '--hard', start)
    rewritten.commit('main', [
      { message: 'amended', changes: [['a', file('2')]] },
      { changes: [['a', file('3')]] },
    ])
    await expect(replayInto(store, rewritten)).rejects.toThrow(
      /commit 2 is [0-9a-f]{40}, in the repository [0-9a-f]{40}/,
    )
    expect(await recordedStreams(store)).toEqual(before)
  })

  test('is refused too when it met a half-done commit of the other', async () => {
    using rewritten = new TestRepository()
    const start = rewritten.commit('main', [{ changes: [['start', file('1')]] }])
    const changes = ['a', 'b', 'c', 'd'].map((path) => [path, file('1')] as const)
    rewritten.commit('main', [{ changes }])
    const { store } = memory()
    await expect(replayInto(dyingStore(store, 2, { maxAppendStreams: 2 }), rewritten)).rejects.toThrow('died')
    const before = await recordedStreams(store)
    rewritten.git('reset', '--quiet', '--hard', start)
    rewritten.commit('main', [{ message: 'another', changes }])
    await expect(replayInto(store, rewritten)).rejects.toThrow(HistoryConflictError)
    expect(await recordedStreams(store)).toEqual(before)
  })
})

test('the streams of two branches, and of two repositories, do not meet in one store', async () => {
  using other = new TestRepository({ branch: 'topic/x' })
  other.commit('topic/x', [{ message: 'another root', changes: [['README.md', file('1')]] }])
  const { store } = memory()
  await replayInto(store, repository)
  await replayInto(store, other)
  other.git('branch', '--move', 'main')
  await replayInto(store, other)
  const streams = await recordedStreams(store)
  for (const [streamId, events] of clean) expect(streams.get(streamId)).toEqual(events)
  expect(streams.size).toBe(clean.size + 4)
})
