import { describe, expect, it } from 'vitest'
import { type Candidate, compare, rotated, summarize } from '../src/harness/compare.ts'
import { localSession } from '../src/harness/session.ts'
import { mergeSlices, type Slice } from '../src/harness/slice.ts'

const options = { rounds: 3, warmupMs: 1, durationMs: 1, serverPid: undefined, onSlice: () => undefined }

function slice(changes: Partial<Slice>): Slice {
  return {
    events: 100,
    acknowledgedEvents: 120,
    elapsedMs: 1000,
    latenciesUs: Float64Array.of(10),
    nodeCpuUs: 500,
    serverCpuUs: undefined,
    ...changes,
  }
}

function counting(name: string, opened: string[]): Candidate {
  return {
    name,
    async open() {
      opened.push(name)
      return localSession({ operate: () => 1 })
    },
  }
}

describe('compare', () => {
  it('gives each candidate one slice a round and starts each round with another', async () => {
    const opened: string[] = []
    const candidates = ['a', 'b', 'c'].map((name) => counting(name, opened))
    await compare({ title: 'order', concurrency: 1, base: 'a', candidates }, options)
    expect(opened.join('')).toBe('abcbcacab')
  })

  it('fails when a candidate stored less than it acknowledged', async () => {
    const losing: Candidate = {
      name: 'losing',
      open: async () =>
        localSession({
          operate: () => 1,
          check(acknowledged) {
            if (acknowledged > 0) throw new Error('events are lost')
          },
        }),
    }
    const comparison = { title: 'loss', concurrency: 1, base: 'losing', candidates: [losing] }
    await expect(compare(comparison, options)).rejects.toThrow('events are lost')
  })

  it('closes the session of a slice that failed', async () => {
    let closed = 0
    const failing: Candidate = {
      name: 'failing',
      open: async () =>
        localSession({
          operate: () => Promise.reject(new Error('refused')),
          close() {
            closed++
          },
        }),
    }
    const comparison = { title: 'failure', concurrency: 2, base: 'failing', candidates: [failing] }
    await expect(compare(comparison, options)).rejects.toThrow('refused')
    expect(closed).toBe(1)
  })

  it('refuses a base that is no candidate, and two candidates of one name', async () => {
    const candidates = [counting('a', []), counting('a', [])]
    await expect(compare({ title: 't', concurrency: 1, base: 'b', candidates }, options)).rejects.toThrow(
      '"b"',
    )
    await expect(compare({ title: 't', concurrency: 1, base: 'a', candidates }, options)).rejects.toThrow(
      'share a name',
    )
  })

  it('runs as many operations at once as it was asked to', async () => {
    let now = 0
    let most = 0
    const candidate: Candidate = {
      name: 'a',
      open: async () =>
        localSession({
          async operate() {
            now++
            most = Math.max(most, now)
            await new Promise((resolve) => setImmediate(resolve))
            now--
            return 1
          },
        }),
    }
    await compare({ title: 't', concurrency: 7, base: 'a', candidates: [candidate] }, options)
    expect(most).toBe(7)
  })
})

describe('rotated', () => {
  it('starts one further each time and comes round', () => {
    expect(rotated([1, 2, 3], 1)).toEqual([2, 3, 1])
    expect(rotated([1, 2, 3], 3)).toEqual([1, 2, 3])
    expect(rotated([], 2)).toEqual([])
  })
})

describe('summarize', () => {
  it('counts per second and per event what was measured, not the warm-up', () => {
    const result = summarize('a', [slice({ elapsedMs: 500, serverCpuUs: 300 })], [slice({})])
    expect(result.eventsPerSecond.median).toBe(200)
    expect(result.ratio.median).toBe(2)
    expect(result.nodeCpuUsPerEvent.median).toBe(5)
    expect(result.serverCpuUsPerEvent?.median).toBe(3)
    expect(result.events).toBe(100)
  })

  it('tells the node CPU time over the base of the same round', () => {
    const own = [slice({ nodeCpuUs: 900 }), slice({ nodeCpuUs: 1900 })]
    const base = [slice({ nodeCpuUs: 500 }), slice({ nodeCpuUs: 1500 })]
    expect(summarize('a', own, base).nodeCpuUsOverBase).toEqual({ median: 4, min: 4, max: 4 })
  })

  it('takes latencies from the round of the median rate', () => {
    const slices = [
      slice({ events: 300, latenciesUs: Float64Array.of(1) }),
      slice({ events: 200, latenciesUs: Float64Array.of(40, 20, 30) }),
      slice({ events: 100, latenciesUs: Float64Array.of(900) }),
    ]
    expect(summarize('a', slices, slices).latencyUs).toEqual({ p50: 30, p99: 40, max: 40 })
  })

  it('says nothing of a server where there was none', () => {
    expect(summarize('a', [slice({})], [slice({})]).serverCpuUsPerEvent).toBeUndefined()
  })
})

describe('mergeSlices', () => {
  it('adds up what processes did and what they used, over the longest time', () => {
    const merged = mergeSlices([
      slice({ elapsedMs: 900, latenciesUs: Float64Array.of(1, 2), serverCpuUs: 400 }),
      slice({ events: 50, latenciesUs: Float64Array.of(3), serverCpuUs: 600 }),
    ])
    expect(merged.events).toBe(150)
    expect(merged.acknowledgedEvents).toBe(240)
    expect(merged.elapsedMs).toBe(1000)
    expect(merged.nodeCpuUs).toBe(1000)
    expect([...merged.latenciesUs]).toEqual([1, 2, 3])
  })

  it('counts the one server that all of them watched once', () => {
    const merged = mergeSlices([slice({ serverCpuUs: 400 }), slice({ serverCpuUs: 600 })])
    expect(merged.serverCpuUs).toBe(500)
    expect(mergeSlices([slice({})]).serverCpuUs).toBeUndefined()
  })
})
