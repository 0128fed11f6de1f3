import { randomUUID } from 'node:crypto'
import { parsePosition, type Backend, type RecordedEvent } from '@eventspine/core'
import { asSeen, readCounted, type ContentsRequest, type StoreContents } from './store-contents.ts'
import { isSound } from './workload-data.ts'

const READ_MS = 120_000

/** Everything that a native stream holds, in the order of its partitions, read by a group of its own. */
export async function readLogEvents({ stream }: Backend): Promise<readonly RecordedEvent[]> {
  const found: { readonly event: RecordedEvent; readonly partition: number; readonly sequence: number }[] = []
  const { caughtUp } = await stream.runOnce({
    group: `contents-${randomUUID()}`,
    budgetMs: READ_MS,
    handlers: (event) => void found.push({ event, ...parsePosition(event.position) }),
  })
  if (!caughtUp) throw new Error(`the log was not read to its end within ${READ_MS} ms`)
  // Events of different streams are handled side by side; where they stand is said by their positions.
  found.sort((a, b) => a.partition - b.partition || a.sequence - b.sequence)
  return found.map(({ event }) => event)
}

/** Reads all that a log holds of a workload, by a group of its own. Nobody may publish meanwhile. */
export async function readLogContents(backend: Backend, request: ContentsRequest): Promise<StoreContents> {
  const found = await readLogEvents(backend)
  const streams = new Map(request.streamIds.map((streamId): [string, string[]] => [streamId, []]))
  for (const { id, streamId } of found) {
    const ids = streams.get(streamId)
    if (ids === undefined) streams.set(streamId, [id])
    else ids.push(id)
  }
  const { partitions } = backend.stream
  return {
    isLog: true,
    streams: Object.fromEntries(streams),
    feed: Array.from({ length: partitions }, (_, partition) =>
      found.filter(({ position }) => parsePosition(position).partition === partition).map(asSeen),
    ),
    damaged: found.filter((event) => !isSound(event)).map(({ id }) => id),
    documents: [],
    counted: await readCounted(backend, request.countingGroups, [...streams.keys()]),
  }
}
