import type { Commit, EncodedEvent, StreamAppend } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { batchOf, expectedRevision, expectedVersion, loneEvent } from '../src/append-parameters.ts'
import { callsOf } from '../src/batches.ts'

let number = 0
function event(changes: Partial<EncodedEvent> = {}): EncodedEvent {
  const id = `018f0000-0000-7000-8000-${String(++number).padStart(12, '0')}`
  return { id, type: 'Counted', schemaVersion: 1, codec: 0, data: '1', metadata: '{}', ...changes }
}

function append(streamId: string, events = [event()], changes: Partial<StreamAppend> = {}): StreamAppend {
  return { streamId, partition: 0, expectedVersion: 'any', events, ...changes }
}

const commit = (...appends: StreamAppend[]): Commit => ({ appends, documents: [] })

const [, STREAMS, EXPECTED, SLOTS, EARLIER, COUNTS, APPENDS, WRITES, OWNERS, RANKS] = Array.from(
  { length: 10 },
  (_, index) => index + 1,
)
const at = (values: readonly unknown[], ...indexes: (number | undefined)[]) =>
  indexes.map((index) => values[index ?? 0])

describe('a lone event', () => {
  it('has parameters of its own', () => {
    const one = event({ schemaVersion: 3, codec: 1, data: '"AA=="' })
    expect(loneEvent([commit(append('a', [one], { expectedVersion: 7, partition: 2 }))], 50)).toEqual([
      50,
      2,
      'a',
      7,
      one.id,
      'Counted',
      3,
      1,
      '"AA=="',
      '{}',
    ])
  })

  it('is not one of several events, streams or commits, nor one with documents', () => {
    const document = {
      collection: 'c',
      partition: 0,
      key: 'k',
      value: '1',
      expectedRevision: 'any',
      expiresInMs: undefined,
      listed: false,
    } as const
    expect(loneEvent([commit(append('a', [event(), event()]))], 1)).toBeUndefined()
    expect(loneEvent([commit(append('a'), append('b'))], 1)).toBeUndefined()
    expect(loneEvent([commit(append('a')), commit(append('b'))], 1)).toBeUndefined()
    expect(loneEvent([{ appends: [append('a')], documents: [document] }], 1)).toBeUndefined()
    expect(loneEvent([{ appends: [], documents: [document] }], 1)).toBeUndefined()
  })
})

describe('a batch', () => {
  it('leaves out every list whose values are the usual ones', () => {
    const { values } = batchOf(
      [commit(append('a')), commit(append('b', [event()], { expectedVersion: 4 }))],
      50,
    )
    expect(values).toHaveLength(24)
    expect(values.slice(0, 4)).toEqual([50, '{0}', 'a\nb', '{-1,4}'])
    expect(at(values, SLOTS, EARLIER, COUNTS, APPENDS, WRITES, OWNERS, RANKS)).toEqual(
      Array.from({ length: 7 }, () => null),
    )
    expect(values.slice(13, 15)).toEqual([null, null])
    expect(values.slice(17)).toEqual(Array.from({ length: 7 }, () => null))
  })

  it('numbers streams that occur again, events, and commits of several streams', () => {
    const { values } = batchOf(
      [
        commit(append('a', [event(), event()]), append('b')),
        commit(append('b')),
        commit(append('a'), append('b')),
      ],
      50,
    )
    expect(at(values, STREAMS, EXPECTED)).toEqual(['a\nb\nb\na\nb', '{-1,-1,-1,-1,-1}'])
    expect(at(values, EARLIER, COUNTS, APPENDS, OWNERS)).toEqual([
      '{0,0,2,1,3}',
      '{2,1,1,1,1}',
      '{2,1,2}',
      '{1,1,2,3,4,5}',
    ])
  })

  it('numbers partitions in ascending order, and events within each', () => {
    const place = (partition: number, events = [event()]) => append(`s${partition}`, events, { partition })
    const batch = batchOf([commit(place(7)), commit(place(2, [event(), event()])), commit(place(7))], 50)
    expect(batch.partitions).toEqual([2, 7])
    expect(at(batch.values, SLOTS, RANKS)).toEqual(['{2,1,2}', '{1,1,2,2}'])
    expect(batch.values[1]).toBe('{2,7}')
  })

  it('names each address of documents once', () => {
    const write = (key: string, value: string | undefined, revision?: string) => ({
      collection: 'c',
      partition: 1,
      key,
      value,
      listed: false,
      expectedRevision: revision === undefined ? ('any' as const) : { revision },
      expiresInMs: value === '2' ? 500 : undefined,
    })
    const { values } = batchOf(
      [
        { appends: [], documents: [write('k', '1'), write('l', undefined, '12')] },
        { appends: [], documents: [write('k', '2')] },
      ],
      50,
    )
    expect(at(values, STREAMS, APPENDS, WRITES)).toEqual([null, '{0,0}', '{2,1}'])
    expect(values.slice(17)).toEqual([
      'c\nc',
      '{1,1}',
      'k\nl',
      '{1,2,1}',
      '{-1,12,-1}',
      '1\n\n2',
      '{null,null,500}',
    ])
  })
})

describe('expectations', () => {
  it('of versions are numbers', () => {
    expect([0, 5, 'any', 'none', 'exists'].map((each) => expectedVersion(each as 'any'))).toEqual([
      0, 5, -1, -2, -3,
    ])
  })

  it('of revisions are never met by what cannot be a revision', () => {
    expect([expectedRevision('any'), expectedRevision('none'), expectedRevision({ revision: '42' })]).toEqual(
      ['-1', '-2', '42'],
    )
    for (const revision of ['', '0', '-1', '1e3', ' 1', '1;drop', '9'.repeat(19), '٣']) {
      expect(expectedRevision({ revision })).toBe('0')
    }
  })
})

describe('calls', () => {
  const large = (megabytes: number) =>
    commit(append('a', [event({ data: 'x'.repeat(megabytes * 1024 * 1024) })]))

  it('hold what fits into one, in order, and a commit that is too large by itself', () => {
    const commits = [large(3), large(4), large(2), large(9), large(1)]
    expect(callsOf(commits)).toEqual([[commits[0], commits[1]], [commits[2]], [commits[3]], [commits[4]]])
    expect(callsOf([])).toEqual([])
  })
})
