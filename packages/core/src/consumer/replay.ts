import { parsePosition } from '../position.ts'
import type { Parked } from './checkpoint.ts'
import { abortableDelay, backoffMs } from './delay.ts'
import type { EffectBuffer } from './effect-buffer.ts'
import { callHandlers, type Delivery, toDelivery } from './handler-call.ts'
import type { ParkedStreams } from './parked-streams.ts'
import type { RunContext } from './run.ts'

/**
 * Handles what waits of a parked stream, in order, up to the feed sequence `bound`: later events come live
 * behind it. Ends with the stream free, or parked again at the event that failed.
 */
export async function replayParked(
  context: RunContext,
  parkedStreams: ParkedStreams,
  effects: EffectBuffer | undefined,
  { streamId, request }: Parked,
  bound: number,
): Promise<void> {
  const { lease, store, ending } = context
  const parked = parkedStreams.get(streamId)
  if (parked !== undefined) {
    const from = parked.streamPosition + (request?.action === 'skip' ? 1 : 0)
    for await (const event of store.readFrom(streamId, { from, pageSize: 100 })) {
      // The request stands in the checkpoint: the next owner goes on.
      if (ending.aborted && effects === undefined) return
      if (parsePosition(event.position).sequence > bound) break
      const delivery = toDelivery(event, context)
      if (delivery !== undefined && !(await handleWithRetries(context, parkedStreams, effects, delivery))) {
        if (request !== undefined) lease.finishRequest(request.id)
        return
      }
      parkedStreams.advance(event)
    }
    parkedStreams.delete(streamId)
  }
  if (request !== undefined) lease.finishRequest(request.id)
}

/** @returns whether the event was handled, or passed over by policy. */
async function handleWithRetries(
  context: RunContext,
  parkedStreams: ParkedStreams,
  effects: EffectBuffer | undefined,
  delivery: Delivery,
): Promise<boolean> {
  const { options, partition, progress, lease } = context
  const { event } = delivery
  for (let attempt = 1; ; attempt++) {
    const failed = await callHandlers(delivery, attempt, context, effects)
    if (failed === undefined) {
      progress.handled(1)
      return true
    }
    if (attempt >= options.attempts) {
      parkedStreams.decide(event, attempt, failed.error)
      return options.onFailure === 'skip'
    }
    options.notify({ kind: 'retry', partition, event, attempt, error: failed.error })
    await abortableDelay(backoffMs(attempt, options.initialDelayMs, options.maxDelayMs), lease.signal)
  }
}
