import type { Backend, EventStoreError, Subscription } from '@eventspine/core'
import { type Progress, startProgress } from './progress.ts'
import { retryTransient } from './retry-transient.ts'

const LOOK_EVERY_MS = 500

/** Waits until a projection has handled all that the store holds now, and shows how far it is. */
export async function catchUp(
  { store }: Backend,
  projection: Subscription,
  onRetry: (error: EventStoreError) => void,
  signal: AbortSignal,
): Promise<void> {
  const lag = showLag(projection)
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

function showLag(projection: Subscription): { stop(): void } {
  let progress: Progress | undefined
  let total = 0
  let stopped = false
  const show = async (): Promise<void> => {
    const lag = (await projection.lag()).reduce((sum, { events }) => sum + events, 0)
    if (stopped) return
    if (progress === undefined) {
      total = lag
      progress = startProgress({ label: 'building the tree', unit: 'events', total, done: 0 })
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
