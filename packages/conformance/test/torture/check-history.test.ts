import { describe, expect, it } from 'vitest'
import { checkHistory } from '../../src/torture/check/check-history.ts'
import type { ViolationKind } from '../../src/torture/check/violation.ts'
import { handled, honestHistory, STREAMS, type SpoiltHistory } from './honest-history.ts'

type Feed = SpoiltHistory['contents']['feed'][number]
type Tried = Extract<SpoiltHistory['records'][number], { kind: 'invoke' }>

/** What one broken promise looks like, and what the checker has to say about it. */
interface Spoiling {
  readonly title: string
  readonly kind: ViolationKind
  readonly spoil: (history: SpoiltHistory) => void
}

function feedOf(history: SpoiltHistory): Feed {
  return history.contents.feed[0] ?? []
}

function streamOf(history: SpoiltHistory, streamId: string = STREAMS[0]): string[] {
  return history.contents.streams[streamId] ?? []
}

function invokedWith(
  history: SpoiltHistory,
  fate: 'ok' | 'failed' | 'unknown' | 'never returned',
  events: number,
): Tried {
  const returned = new Map(
    history.records.flatMap((record) =>
      record.kind === 'ok' || record.kind === 'failed' || record.kind === 'unknown'
        ? [[record.operation, record.kind]]
        : [],
    ),
  )
  const found = history.records.find(
    (record): record is Tried =>
      record.kind === 'invoke' &&
      (returned.get(record.operation) ?? 'never returned') === fate &&
      record.streams[0]?.ids.length === events,
  )
  if (found === undefined) throw new Error(`no operation ${fate}`)
  return found
}

/** Takes the last event of a stream away, as if it had never been written. */
function takeBack(history: SpoiltHistory, streamId: string): void {
  const id = streamOf(history, streamId).pop()
  history.contents.feed = [feedOf(history).filter((event) => event[1] !== id)]
}

function write(history: SpoiltHistory, id: string, streamId: string = STREAMS[1]): void {
  const stream = streamOf(history, streamId)
  stream.push(id)
  feedOf(history).push([
    `0123456789abcdef.0.${feedOf(history).length + 1}.00000000`,
    id,
    streamId,
    stream.length,
  ])
}

/** The same history of a store whose sequences are multiples of three. */
function withGaps(history: SpoiltHistory): SpoiltHistory {
  const text = JSON.stringify(history).replaceAll(
    /(0123456789abcdef\.\d+)\.(\d+)\./g,
    (_position, before: string, sequence: string) => `${before}.${Number(sequence) * 3}.`,
  )
  return JSON.parse(text) as SpoiltHistory // It was plain data.
}

const spoilings: readonly Spoiling[] = [
  {
    title: 'an acknowledged event that is gone',
    kind: 'lost',
    spoil: (history) => takeBack(history, STREAMS[0]),
  },
  {
    title: 'an acknowledged event that only its stream has',
    kind: 'lost',
    spoil: (history) => void feedOf(history).pop(),
  },
  {
    title: 'an acknowledged event that only the feed has',
    kind: 'lost',
    spoil: (history) => void streamOf(history).pop(),
  },
  {
    title: 'an acknowledged event at another position than said',
    kind: 'lost',
    spoil: (history) => {
      const said = history.records.findLast((record) => record.kind === 'ok')
      if (said?.streams[0] !== undefined) said.streams[0].position = '0123456789abcdef.0.1.00000000'
    },
  },
  {
    title: 'the document of an acknowledged commit that is gone',
    kind: 'lost',
    spoil: (history) => {
      const { document } = invokedWith(history, 'ok', 3)
      history.contents.documents = history.contents.documents.filter((key) => key !== document)
    },
  },
  {
    title: 'an event that stands twice',
    kind: 'doubled',
    spoil: (history) => write(history, streamOf(history)[0] ?? '', STREAMS[0]),
  },
  {
    title: 'a repeat that was acknowledged at another version',
    kind: 'lost',
    spoil: (history) => {
      const { operation } = invokedWith(history, 'ok', 1)
      const said = [{ version: 99, position: '' }]
      history.records.push({ kind: 'ok', operation, atUs: 10 ** 9, streams: said, repeated: true })
    },
  },
  {
    title: 'two events of a stream that changed places in the feed',
    kind: 'reordered',
    spoil: (history) => {
      const [first, second] = feedOf(history).filter((event) => event[2] === STREAMS[0])
      if (first === undefined || second === undefined) throw new Error('too short')
      ;[first[1], second[1]] = [second[1], first[1]]
      ;[first[3], second[3]] = [second[3], first[3]]
    },
  },
  {
    title: 'an append that was put below one acknowledged before it began',
    kind: 'reordered',
    spoil: (history) => {
      const last = history.records.findLast((record) => record.kind === 'invoke')
      const said = history.records.find((record) => record.kind === 'ok')
      if (last === undefined || said === undefined) throw new Error('too short')
      for (const record of history.records) {
        if (record.kind === 'ok' && record.operation !== last.operation) record.atUs = 1
      }
      const begun = history.records.find(
        (record) => record.kind === 'invoke' && record.operation === said.operation,
      )
      const final = history.records.findLast((record) => record.kind === 'ok')
      if (begun?.kind !== 'invoke' || final === undefined) throw new Error('too short')
      begun.streams = structuredClone(last.streams)
      begun.streams[0] = { streamId: STREAMS[0], expectedVersion: 'any', ids: [streamOf(history)[0] ?? ''] }
      begun.atUs = 10 ** 9
      said.atUs = 10 ** 9
      said.streams = [
        { version: 1, position: feedOf(history).find((event) => event[2] === STREAMS[0])?.[0] ?? '' },
      ]
    },
  },
  {
    title: 'an append at another version than it expected',
    kind: 'reordered',
    spoil: (history) => {
      const tried = invokedWith(history, 'ok', 1)
      if (tried.streams[0] !== undefined) tried.streams[0].expectedVersion = 77
    },
  },
  {
    title: 'a refused event that is there',
    kind: 'phantom',
    spoil: (history) => write(history, invokedWith(history, 'failed', 2).streams[0]?.ids[0] ?? ''),
  },
  {
    title: 'the document of a refused commit that is there',
    kind: 'phantom',
    spoil: (history) => history.contents.documents.push(invokedWith(history, 'failed', 2).document ?? ''),
  },
  {
    title: 'an event that nobody wrote',
    kind: 'phantom',
    spoil: (history) => write(history, '00000000-0000-4000-8000-000000000000'),
  },
  {
    title: 'half of a commit whose outcome nobody knows',
    kind: 'torn',
    spoil: (history) => write(history, invokedWith(history, 'unknown', 2).streams[0]?.ids[0] ?? ''),
  },
  {
    title: 'a commit of unknown outcome without its document',
    kind: 'torn',
    spoil: (history) => {
      const { document } = invokedWith(history, 'never returned', 2)
      history.contents.documents = history.contents.documents.filter((key) => key !== document)
    },
  },
  {
    title: 'a hole in the versions of a stream',
    kind: 'gap',
    spoil: (history) => {
      const last = feedOf(history).findLast((event) => event[2] === STREAMS[0])
      if (last !== undefined) last[3] += 1
    },
  },
  {
    title: 'a read that misses what was acknowledged before it',
    kind: 'stale',
    spoil: (history) => {
      const read = history.records.findLast((record) => record.kind === 'read')
      if (read !== undefined) read.version -= 1
    },
  },
  {
    title: 'a reader of the feed that went on behind an event',
    kind: 'skipped',
    spoil: (history) => {
      const seen = history.records.find((record) => record.kind === 'seen')
      seen?.events.splice(5, 1)
    },
  },
  {
    title: 'a reader of the feed that saw events in another order',
    kind: 'reordered',
    spoil: (history) => {
      const seen = history.records.find((record) => record.kind === 'seen')
      seen?.events.splice(5, 0, ...(seen?.events.splice(6, 1) ?? []))
    },
  },
  {
    title: 'a reader of the feed that saw an event twice',
    kind: 'doubled',
    spoil: (history) => {
      const seen = history.records.find((record) => record.kind === 'seen')
      seen?.events.push(...(seen?.events.slice(3, 4) ?? []))
    },
  },
  {
    title: 'a reader of the feed that saw what was taken back',
    kind: 'phantom',
    spoil: (history) => {
      const seen = history.records.findLast((record) => record.kind === 'seen' && record.reader === 'r1')
      if (seen?.kind === 'seen') seen.events.push(['0123456789abcdef.0.5000.00000000', 'gone', STREAMS[0], 1])
    },
  },
  {
    title: 'an event that a group never handled',
    kind: 'skipped',
    spoil: (history) => {
      const last = handled(history, 2).at(-1)
      history.records = history.records.filter((record) => !('id' in record && record.id === last?.id))
    },
  },
  {
    title: 'a consumer that handled a later event of a stream first',
    kind: 'reordered',
    spoil: (history) => {
      const ofStream = handled(history, 2).filter((record) => record.streamId === STREAMS[0])
      const [first, second] = ofStream
      if (first === undefined || second === undefined) throw new Error('too short')
      ;[first.atUs, second.atUs] = [second.atUs, first.atUs]
    },
  },
  {
    title: 'a consumer that repeats more than was in hand',
    kind: 'doubled',
    spoil: (history) => {
      history.groups = history.groups.map((group) => ({ ...group, maxInFlightEvents: 3 }))
    },
  },
  {
    title: 'two events of one stream handled at once',
    kind: 'overlapping',
    spoil: (history) => {
      const [first, second] = handled(history, 2).filter((record) => record.streamId === STREAMS[0])
      if (first === undefined || second === undefined) throw new Error('too short')
      first.atUs = second.atUs - 1
    },
  },
  {
    title: 'two owners with one fencing token',
    kind: 'overlapping',
    spoil: (history) => {
      for (const record of history.records) if (record.kind === 'owned') record.fencingToken = 1
    },
  },
  {
    title: 'a checkpoint ahead of what was handled',
    kind: 'unearned',
    spoil: (history) => {
      const checkpoint = history.records.find((record) => record.kind === 'checkpoint')
      if (checkpoint !== undefined) checkpoint.position = feedOf(history)[16]?.[0] ?? ''
    },
  },
  {
    title: 'a checkpoint that went back',
    kind: 'unearned',
    spoil: (history) => {
      const checkpoint = history.records.findLast((record) => record.kind === 'checkpoint')
      if (checkpoint !== undefined) checkpoint.position = feedOf(history)[2]?.[0] ?? ''
    },
  },
  {
    title: 'a count that misses an event',
    kind: 'skipped',
    spoil: (history) => {
      const amounts = history.contents.counted['totals']?.[STREAMS[0]]
      if (amounts !== undefined) amounts.count -= 1
    },
  },
  {
    title: 'a count with an event too many',
    kind: 'doubled',
    spoil: (history) => {
      const amounts = history.contents.counted['totals']?.[STREAMS[0]]
      if (amounts !== undefined) amounts.count += 1
    },
  },
  {
    title: 'a fold in another order',
    kind: 'reordered',
    spoil: (history) => {
      const amounts = history.contents.counted['totals']?.[STREAMS[0]]
      if (amounts !== undefined) amounts.total += 1
    },
  },
  {
    title: 'an event with other data',
    kind: 'damaged',
    spoil: (history) => history.contents.damaged.push(streamOf(history)[0] ?? ''),
  },
  {
    title: 'an error without a type',
    kind: 'defect',
    spoil: (history) =>
      history.records.push({ kind: 'defect', process: 'p', what: 'an append threw TypeError' }),
  },
]

describe('the checker of histories', () => {
  it('has nothing to say about a history that keeps every promise', () => {
    expect(checkHistory(honestHistory())).toEqual([])
  })

  it('takes sequences that rise with gaps', () => {
    expect(checkHistory(withGaps(honestHistory()))).toEqual([])
  })

  for (const { title, kind, spoil } of spoilings) {
    it(`finds ${title} (${kind}), whether or not sequences have gaps`, () => {
      const history = honestHistory()
      spoil(history)
      for (const spoilt of [history, withGaps(history)])
        expect(checkHistory(spoilt).map((violation) => violation.kind)).toContain(kind)
    })
  }

  it('takes an outcome that nobody knows as written or as not written', () => {
    const history = honestHistory()
    const written = invokedWith(history, 'never returned', 2).operation
    const absent = invokedWith(history, 'unknown', 2).operation
    expect(written).not.toBe(absent)
    expect(checkHistory(history)).toEqual([])
  })

  it('takes a conflict at an exact version as the verdict on all tries', () => {
    const history = honestHistory()
    const tried = invokedWith(history, 'unknown', 2)
    const { operation, streams } = tried
    history.records.push({ ...structuredClone(tried), atUs: 10 ** 9 })
    history.records.push({ kind: 'failed', operation, atUs: 10 ** 9 + 1, code: 'VERSION_CONFLICT' })
    expect(checkHistory(history)).toEqual([])
    for (const id of streams[0]?.ids ?? []) write(history, id)
    expect(checkHistory(history).map(({ kind }) => kind)).toContain('phantom')
  })
})
