import type { Amounts } from './workload-data.ts'
import type { HistoryRecord, SeenEvent } from './history.ts'
import type { StoreContents } from './store-contents.ts'
import { sequenceOf } from './check/violation.ts'

interface Numbered {
  readonly position: string
  readonly version: number
}

/**
 * The history of a log as if its sequences and versions had no gaps, which is what stores promise and logs do not:
 * then both can be held against the same laws.
 */
export function numberLog(
  records: readonly HistoryRecord[],
  contents: StoreContents,
): { readonly records: readonly HistoryRecord[]; readonly contents: StoreContents } {
  const places = new Map<string, Numbered>()
  /** By stream and sequence. */
  const versions = new Map<string, number>()
  const counts = new Map<string, number>()
  const lastOf = new Map<string, Numbered>()
  const feed = contents.feed.map((events, partition) =>
    events.map(([position, id, streamId], index): SeenEvent => {
      const version = (counts.get(streamId) ?? 0) + 1
      counts.set(streamId, version)
      const place = { position: denseAt(partition, index + 1), version }
      places.set(position, place)
      lastOf.set(id, place)
      versions.set(`${streamId} ${sequenceOf(position)}`, version)
      return [place.position, id, streamId, version]
    }),
  )
  const sequences = contents.feed.map((events) => events.map(([position]) => sequenceOf(position)))
  const lastIds = new Map<string, string | undefined>()
  for (const record of records)
    if (record.kind === 'invoke') lastIds.set(record.operation, record.streams[0]?.ids.at(-1))
  const numbered = (record: HistoryRecord): HistoryRecord => {
    switch (record.kind) {
      case 'handling':
      case 'handled':
      case 'threw':
        return { ...record, ...places.get(record.position) }
      case 'checkpoint': {
        const reached = countUpTo(sequences[record.partition] ?? [], sequenceOf(record.position))
        return { ...record, position: denseAt(record.partition, reached) }
      }
      case 'ok': {
        const version = lastOf.get(lastIds.get(record.operation) ?? '')?.version ?? 0
        const streams = record.streams.map(({ position }) => ({
          version,
          position: places.get(position)?.position ?? position,
        }))
        return { ...record, streams }
      }
      default:
        return record
    }
  }
  const counted = mapValues(contents.counted, (ofStreams) =>
    mapValues(ofStreams, (amounts, streamId): Amounts => ({
      ...amounts,
      lastVersion: versions.get(`${streamId} ${amounts.lastVersion}`) ?? amounts.lastVersion,
    })),
  )
  return { records: records.map(numbered), contents: { ...contents, feed, counted } }
}

function denseAt(partition: number, sequence: number): string {
  return `0123456789abcdef.${partition}.${sequence}.00000000`
}

/** How many of the ascending numbers are not above `limit`. */
function countUpTo(numbers: readonly number[], limit: number): number {
  const above = numbers.findIndex((number) => number > limit)
  return above < 0 ? numbers.length : above
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value, key: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]))
}
