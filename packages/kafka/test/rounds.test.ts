import type { Commit, EncodedEvent } from '@eventspine/core'
import { EventStoreError } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { Rounds } from '../src/rounds.ts'

let made = 0

function event(bytes = 10): EncodedEvent {
  const id = `00000000-0000-7000-8000-${String(++made).padStart(12, '0')}`
  return { id, type: 'Counted', schemaVersion: 1, codec: 0, data: `"${'x'.repeat(bytes)}"`, metadata: '{}' }
}

function commit(
  ...streams: readonly (readonly [streamId: string, partition: number, count: number])[]
): Commit {
  const appends = streams.map(([streamId, partition, count]) => ({
    streamId,
    partition,
    expectedVersion: 'any' as const,
    events: Array.from({ length: count }, () => event()),
  }))
  return { appends, documents: [] }
}

const limits = { maxMessageBytes: 2000, source: 'test' }

/** Results as if partition `n` had begun each batch at offset 100 × n + 1,000 × the round. */
function written(rounds: Rounds): ReadonlyMap<number, number>[] {
  return rounds.rounds.map(
    ({ partitions }, round) =>
      new Map(Array.from(partitions.keys(), (partition) => [partition, partition * 100 + round * 1000])),
  )
}

const unknown = new EventStoreError('OUTCOME_UNKNOWN', 'lost', { outcome: 'unknown', retryable: true })
const refused = new EventStoreError('BACKEND_UNAVAILABLE', 'unreachable', { retryable: true })

describe('rounds', () => {
  it('hold what fits in one request, and name for each stream the sequence of its last event', () => {
    const rounds = new Rounds([commit(['a', 0, 2], ['b', 1, 1]), commit(['c', 0, 1])], limits, 0)
    expect(rounds.rounds).toHaveLength(1)
    expect(rounds.outcomes(written(rounds))).toEqual([
      {
        ok: true,
        streams: [
          { version: 2, sequence: 2 },
          { version: 101, sequence: 101 },
        ],
        revisions: [],
      },
      { ok: true, streams: [{ version: 3, sequence: 3 }], revisions: [] },
    ])
  })

  it('keep the order of events of a partition over any number of requests', () => {
    const rounds = new Rounds([commit(['a', 0, 30]), commit(['b', 1, 3]), commit(['a', 0, 20])], limits, 0)
    expect(rounds.rounds.length).toBeGreaterThan(3)
    const ids = rounds.rounds.flatMap(({ partitions }) =>
      (partitions.get(0) ?? []).map(({ headers }) => headers['ce_id'] ?? ''),
    )
    expect(ids).toHaveLength(50)
    expect(ids).toEqual([...ids].sort())
  })

  it('never exceed what a batch of a partition may hold', () => {
    const rounds = new Rounds([commit(['a', 0, 30], ['b', 1, 30])], limits, 0)
    for (const { partitions } of rounds.rounds) {
      for (const records of partitions.values()) {
        const bytes = records.reduce((sum, { value, key }) => sum + value.length + key.length, 0)
        expect(bytes).toBeLessThan(2000)
      }
    }
  })

  it('refuse an event that no batch can hold, by its id, and leave its neighbours alone', () => {
    const large = event(3000)
    const append = {
      streamId: 'large',
      partition: 0,
      expectedVersion: 'any' as const,
      events: [event(), large],
    }
    const rounds = new Rounds(
      [commit(['a', 0, 1]), { appends: [append], documents: [] }, commit(['b', 0, 1])],
      limits,
      0,
    )
    const [before, between, after] = rounds.outcomes(written(rounds))
    expect(before?.ok).toBe(true)
    expect(after).toMatchObject({ ok: true, streams: [{ sequence: 2 }] })
    expect(between).toMatchObject({ ok: false, error: { code: 'LIMIT_EXCEEDED', outcome: 'not-applied' } })
    expect(between?.ok === false && between.error.message).toContain(large.id)
  })

  it('say of each commit whether it was written, was not, or nobody knows', () => {
    const commits = [commit(['a', 0, 1]), commit(['b', 0, 40]), commit(['c', 0, 1])]
    const rounds = new Rounds(commits, limits, 0)
    const first = written(rounds)[0] ?? new Map<number, number>()
    const failedAt = (error: EventStoreError) => rounds.outcomes([first, new Map([[0, error]])])
    for (const error of [unknown, refused]) {
      const [whole, part, none] = failedAt(error)
      expect(whole?.ok).toBe(true)
      expect(part).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN', outcome: 'unknown' } })
      expect(part?.ok === false && part.error.message).toContain('publishing again may double')
      expect(none).toMatchObject({ ok: false, error: { outcome: 'not-applied', retryable: true } })
    }
    const [lost] = rounds.outcomes([new Map([[0, unknown]])])
    expect(lost).toMatchObject({ ok: false, error: { outcome: 'unknown' } })
    const [unsent] = rounds.outcomes([new Map([[0, refused]])])
    expect(unsent).toMatchObject({
      ok: false,
      error: { code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied' },
    })
  })
})
