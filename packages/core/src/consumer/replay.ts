import { parsePosition } from '../position.ts'
import type { ParkRequest } from './checkpoint.ts'
import { abortableDelay, backoffMs } from './delay.ts'
import type { EffectBuffer } from './effect-buffer.ts'
import { callHandlers, type Delivery, toDelivery } from './handler-call.ts'
import type { ParkedStreams } from './parked-streams.ts'
import type { RunContext } from './run.ts'

/**
 * Handles what waits of a parked stream, in order, up to the feed sequence `bound`: later events come live
 * behind it. Ends with the stream free, parked again at the event that failed, or after `limit` events with
 * the request still standing, so that the checkpoint can follow and the next call go on.
 */
export async function replayParked(
  context: RunContext,
  parkedStreams: ParkedStreams,
  effects: EffectBuffer | undefined,
  request: ParkRequest,
  streamId: string,
  bounds: { readonly sequence: number; readonly events: number },
): Promise<void> {
  const { lease, store, ending } = context
  const parked = parkedStreams.get(streamId)
  if (parked !== undefined) {
    const from = Math.max(parked.streamPosition, request.from)
    let handled = 0
    for await (const event of store.readFrom(streamId, { from, pageSize: Math.min(bounds.events, 100) })) {
      if (parsePosition(event.position).sequence > bounds.sequence) break
      // The request stands in the checkpoint: this owner goes on after a commit, or the next one does.
      if (handled >= bounds.events || (ending.aborted && effects === undefined)) return
      handled++
      const delivery = toDelivery(event, context)
      if (delivery !== undefined && !(await handleWithRetries(context, parkedStreams, effects, delivery))) {
        lease.finishRequest(request.id)
        return
      }
      parkedStreams.advance(event)
    }
    parkedStreams.delete(streamId)
  }
  lease.finishRequest(request.id)
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
