import type { EventStore, EventStoreError, Subscription } from '@eventspine/core'
import type { Progress } from './progress.ts'
import { retryTransient } from './retry-transient.ts'
import type { Output } from './run.ts'

const LOOK_EVERY_MS = 500

export interface CatchUpOptions {
  readonly store: EventStore
  readonly projection: Subscription
  readonly output: Pick<Output, 'startProgress'>
  readonly onRetry: (error: EventStoreError) => void
  readonly signal: AbortSignal
}

/** Waits until a projection has handled all that the store holds now, and shows how far it is. */
export async function catchUp({ store, projection, output, onRetry, signal }: CatchUpOptions): Promise<void> {
  const lag = showLag(projection, output)
  try {
    const partitions = Array.from({ length: store.partitions }, (_, partition) => partition)
    await retryTransient(async () => {
      const heads = await Promise.all(partitions.map((partition) => store.feedHead(partition)))
      await Promise.all(heads.map((position) => projection.caughtUpTo(position, { signal })))
    }, onRetry)
  } finally {
    lag.stop()
  }
}

function showLag(projection: Subscription, output: Pick<Output, 'startProgress'>): { stop(): void } {
  let progress: Progress | undefined
  let total = 0
  let stopped = false
  const show = async (): Promise<void> => {
    const lag = (await projection.lag()).reduce((sum, { events }) => sum + events, 0)
    if (stopped) return
    if (progress === undefined) {
      total = lag
      progress = output.startProgress({ label: 'building the tree', unit: 'events', total, done: 0 })
    }
    progress.update(total - lag, total - lag)
  }
  const timer = setInterval(() => {
    // Whoever waits for the projection hears what is wrong; this is but the show.
    show().catch(() => clearInterval(timer))
  }, LOOK_EVERY_MS)
  return {
    stop: () => {
      stopped = true
      clearInterval(timer)
      progress?.stop()
    },
  }
}
