import { notSupported } from '../error.ts'
import type { RecordedEvent } from '../event.ts'
import { asDelivered } from '../published.ts'
import { type EffectBuffer, StaleRead } from './effect-buffer.ts'
import type { RunContext } from './run.ts'
import type { Handler, HandlerContext, HandlerDocuments } from './subscription.ts'

/** An event with the handlers that want it. */
export interface Delivery {
  /** As stored; its stream id is the one that order and parking go by. */
  readonly event: RecordedEvent
  readonly delivered: RecordedEvent
  readonly handlers: readonly Handler[]
}

/** `undefined` when no handler wants the event. */
export function toDelivery(event: RecordedEvent, context: RunContext): Delivery | undefined {
  const delivered = asDelivered(event)
  const handlers = context.options.handlersOf(delivered)
  return handlers.length === 0 ? undefined : { event, delivered, handlers }
}

/**
 * Gives an event to its handlers, once more when another handler changed a document that they had read.
 *
 * @returns what a handler threw, wrapped; `undefined` when all succeeded.
 * @throws the reason of the lost lease.
 */
export async function callHandlers(
  { delivered, handlers }: Delivery,
  attempt: number,
  context: RunContext,
  effects: EffectBuffer | undefined,
): Promise<{ readonly error: unknown } | undefined> {
  for (;;) {
    if (!context.lease.holds()) throw context.lease.signal.reason
    const own = effects?.begin(context.lease.documentPartition)
    const handlerContext = contextFor(context, attempt, own ?? REFUSING_DOCUMENTS, undefined)
    try {
      for (const handler of handlers) await handler(delivered, handlerContext)
      own?.keep()
      return undefined
    } catch (error) {
      if (error instanceof StaleRead) continue
      if (context.lease.signal.aborted) throw context.lease.signal.reason
      return { error }
    }
  }
}

export function contextFor(
  context: RunContext,
  attempt: number,
  documents: HandlerDocuments,
  transaction: unknown,
): HandlerContext {
  const { options, partition, handlerSignal, lease } = context
  return {
    group: options.group,
    partition,
    attempt,
    signal: handlerSignal,
    fencingToken: lease.epoch,
    documents,
    transaction,
  }
}

const refuse = (): never => {
  throw notSupported("context.documents needs effects: 'exactly-once' or 'transaction'")
}

/** What handlers get that may write no documents. */
export const REFUSING_DOCUMENTS: HandlerDocuments = {
  get: async () => refuse(),
  put: refuse,
  delete: refuse,
}
