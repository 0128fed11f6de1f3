import { EventStoreError } from '@eventspine/core'
import type { KafkaMessage } from './client.ts'

/** One answer of a broker about one partition, up to the last stable offset. */
export interface FetchedRecords {
  /** What committed transactions and plain producers wrote, in order. */
  readonly messages: readonly KafkaMessage[]
  /** The offset behind the last record that came, of whatever kind. */
  readonly end: number
  /** Up to here everything is decided: nothing below appears or vanishes any more. */
  readonly stableEnd: number
  /** The lowest offset kept. */
  readonly start: number
  /** Of the leader that wrote the last record; `undefined` when none came. */
  readonly leaderEpoch: number | undefined
}

/** A record as `Broker.fetch` gives it: control records and aborted ones are among them. */
interface RawRecord extends KafkaMessage {
  readonly isControlRecord?: boolean
  readonly batchContext?: {
    readonly producerId: string
    readonly inTransaction: boolean
    readonly firstOffset: string
    readonly lastOffsetDelta: number
    readonly partitionLeaderEpoch?: number
  }
}

interface RawPartition {
  readonly partition: number
  readonly highWatermark: string
  readonly lastStableOffset?: string
  /** kafkajs's name of the log start offset. */
  readonly lastStartOffset?: string
  readonly abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[]
  readonly messages: readonly RawRecord[]
}

/** Type 0 of a control record: an abort. https://kafka.apache.org/documentation/#controlbatch */
const ABORT_TYPE = 0

/** Takes a partition out of an answer; `undefined` when it is not in it. */
export function fetchedRecords(
  response: unknown,
  partition: number,
  from: number,
): FetchedRecords | undefined {
  const found = partitionsOf(response).find((each) => each.partition === partition)
  if (found === undefined) return undefined
  const { messages, highWatermark, lastStableOffset, lastStartOffset } = found
  const last = messages.at(-1)
  const end = last === undefined ? from : Math.max(from, endOfBatch(last))
  return {
    messages: committed(found).filter(({ offset }) => Number(offset) >= from),
    end,
    stableEnd: Number(lastStableOffset ?? highWatermark),
    start: Math.max(0, Number(lastStartOffset ?? 0)),
    leaderEpoch: last?.batchContext?.partitionLeaderEpoch,
  }
}

/** The partitions of an answer that hold records, of whatever kind. */
export function partitionsWithRecords(response: unknown): readonly number[] {
  return partitionsOf(response)
    .filter(({ messages }) => messages.length > 0)
    .map(({ partition }) => partition)
}

function partitionsOf(response: unknown): readonly RawPartition[] {
  const responses: unknown =
    typeof response === 'object' && response !== null && 'responses' in response
      ? response.responses
      : undefined
  if (!Array.isArray(responses))
    throw new EventStoreError(
      'NOT_SUPPORTED',
      "kafka: the client's brokers do not answer as those of kafkajs do",
    )
  // What kafkajs makes of an answer; tests of this package hold it against real brokers.
  return (responses as { readonly partitions: readonly RawPartition[] }[]).flatMap(
    ({ partitions }) => partitions,
  )
}

/** The last records of a batch may be missing; the batch ends where it says. */
function endOfBatch({ offset, batchContext }: RawRecord): number {
  const end = batchContext === undefined ? 0 : Number(batchContext.firstOffset) + batchContext.lastOffsetDelta
  return Math.max(Number(offset), end) + 1
}

/** Without records of transactions that were aborted, and without the marks of their ends. */
function committed({ messages, abortedTransactions }: RawPartition): readonly RawRecord[] {
  if (abortedTransactions === undefined || abortedTransactions.length === 0)
    return messages.filter(({ isControlRecord }) => isControlRecord !== true)
  const upcoming = [...abortedTransactions].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const aborted = new Set<string>()
  return messages.filter((record) => {
    while (upcoming.length > 0 && Number(upcoming[0]?.firstOffset) <= Number(record.offset))
      aborted.add(upcoming.shift()?.producerId ?? '')
    const { isControlRecord, batchContext, key } = record
    if (isControlRecord === true) {
      // Version and type, two bytes each.
      if (key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_TYPE)
        aborted.delete(batchContext?.producerId ?? '')
      return false
    }
    return batchContext === undefined || !batchContext.inTransaction || !aborted.has(batchContext.producerId)
  })
}
