import {
  EventStoreError,
  partitionOf,
  type CommitResult,
  type DocumentWrite,
  type EventStore,
  type EventStream,
} from '@eventspine/core'
import { monotonicUs, type Invoked, type Journal } from './history.ts'
import { COMMITS, workloadEvent } from './workload-data.ts'

/** A commit that can be tried again as it was. */
export type Operation = Pick<Invoked, 'operation' | 'process' | 'streams' | 'document'>

export interface Attempted {
  readonly status: 'ok' | 'failed' | 'unknown'
  readonly error?: unknown
}

/** Tries a commit, writing down first that it is tried and then what came of it. */
export async function attempt(
  store: EventStore,
  operation: Operation,
  journal: Journal,
  learned: (streamId: string, version: number) => void = () => undefined,
): Promise<Attempted> {
  journal.write({ kind: 'invoke', atUs: monotonicUs(), ...operation })
  try {
    const result = await send(store, operation)
    const streams = result.streams.map(({ version, position = '' }) => ({ version, position }))
    journal.write({
      kind: 'ok',
      operation: operation.operation,
      atUs: monotonicUs(),
      streams,
      repeated: result.repeated,
    })
    for (const { streamId, version } of result.streams) learned(streamId, version)
    return { status: 'ok' }
  } catch (error) {
    return failed(operation, error, journal)
  }
}

/** Publishes what an operation appends, writing down as {@link attempt} does. */
export async function attemptPublish(
  stream: EventStream,
  operation: Operation,
  journal: Journal,
): Promise<Attempted> {
  journal.write({ kind: 'invoke', atUs: monotonicUs(), ...operation })
  try {
    const { token } = await stream.publish(
      operation.streams.flatMap(({ streamId, ids }) => ids.map((id) => ({ ...workloadEvent(id), streamId }))),
    )
    // What a log says of a publish is where its last event stands; versions come with the log's contents.
    const streams = [{ version: 0, position: token }]
    const { operation: name } = operation
    journal.write({ kind: 'ok', operation: name, atUs: monotonicUs(), streams, repeated: false })
    return { status: 'ok' }
  } catch (error) {
    return failed(operation, error, journal)
  }
}

/** A repeat of it is decided by the store, whatever became of the first attempt. */
export function isExact({ streams }: Pick<Operation, 'streams'>): boolean {
  return streams.every(
    ({ expectedVersion }) => expectedVersion === 'none' || typeof expectedVersion === 'number',
  )
}

function failed({ operation, process }: Operation, error: unknown, journal: Journal): Attempted {
  if (!EventStoreError.is(error)) {
    journal.write({
      kind: 'defect',
      process,
      what: `an append threw an error without a type: ${String(error)}`,
    })
    journal.write({ kind: 'unknown', operation, atUs: monotonicUs(), code: 'untyped' })
    return { status: 'unknown', error }
  }
  const status = error.outcome === 'not-applied' ? 'failed' : 'unknown'
  journal.write({ kind: status, operation, atUs: monotonicUs(), code: error.code })
  return { status, error }
}

function send(store: EventStore, { streams, document }: Operation): Promise<CommitResult> {
  return store.commit({
    streams: streams.map(({ streamId, expectedVersion, ids }) => ({
      streamId,
      expectedVersion,
      events: ids.map(workloadEvent),
    })),
    documents:
      document === undefined ? [] : [commitDocument(document, streams[0]?.streamId ?? '', store.partitions)],
  })
}

/** A document that lives where the commit's first stream lives, so that the narrowest scope allows it. */
function commitDocument(key: string, streamId: string, partitions: number): DocumentWrite {
  return {
    collection: COMMITS,
    key,
    partition: partitionOf(streamId, partitions),
    value: { streamId },
    expectedRevision: 'any',
    expiresInMs: undefined,
    listed: false,
  }
}
