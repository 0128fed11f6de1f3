import { FeedWake } from '@eventspine/core'
import type { Connection } from './connection.ts'
import { FeedWatch } from './feed-watch.ts'
import type { PartitionKeys } from './keys.ts'

/** With more partitions than this, waiting costs fewer connections than it is worth: they are looked at in turn. */
const MOST_WATCHES = 16

/** The stream that is waited for, and the last sequence in it. */
export type FeedKeys = Pick<PartitionKeys, 'feed' | 'sequence'>

/** How those who wait for the feed are woken. */
export interface FeedWaits {
  wait(partition: number, after: number, signal: AbortSignal): Promise<void>
  close(): void
}

/**
 * One blocking connection for each partition that somebody waits on; for many partitions: looking again and again.
 */
export function feedWaits(
  connection: Connection,
  keys: readonly FeedKeys[],
  pollIntervalMs: number,
): FeedWaits {
  const { client } = connection
  if (keys.length <= MOST_WATCHES) {
    const watches = keys.map(({ feed }) => new FeedWatch(feed, client))
    return {
      wait: (partition, after, signal) => watches[partition]?.wait(after, signal) ?? Promise.resolve(),
      close: () => watches.forEach((watch) => watch.close()),
    }
  }
  const feedWake = new FeedWake({
    lastSequences: (awaited) => lastSequences(connection, keys, awaited),
    pollIntervalMs,
  })
  return {
    wait: (partition, after, signal) => feedWake.wait(partition, after, signal),
    close: () => feedWake.wakeAll(),
  }
}

async function lastSequences(
  connection: Connection,
  keys: readonly FeedKeys[],
  partitions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const entries = partitions.map(async (partition): Promise<[number, number]> => {
    const value = Number((await connection.read('get', keys[partition]?.sequence ?? '')) ?? 0)
    // Negative: sealed.
    return [partition, value < 0 ? -value - 1 : value]
  })
  return new Map(await Promise.all(entries))
}
