import type {
  Backend,
  EncodedDocumentWrite,
  EventStream,
  Handler,
  SubscribeOptions,
  Subscription,
} from '@eventspine/core'
import { changingDocuments } from './changing.ts'
import type { Breakage } from './mutant.ts'
import { overriding } from './overriding.ts'

/** Breakage that replaces verbs of the stream as users hold it. */
export function changingStream(
  change: (stream: EventStream, backend: Backend) => Partial<EventStream>,
): Breakage {
  return {
    backend: (backend) => {
      const { stream } = backend
      return overriding(backend, { stream: overriding(stream, change(stream, backend)) })
    },
  }
}

/** Breakage of the options that consumers are started with. */
export function changingOptions(
  change: (options: SubscribeOptions, backend: Backend) => Partial<SubscribeOptions>,
): Breakage {
  return changingStream((stream, backend) => ({
    subscribe: (options) => stream.subscribe({ ...options, ...change(options, backend) }),
    runOnce: (options) => stream.runOnce({ ...options, ...change(options, backend) }),
  }))
}

/** Breakage of what handlers are given; one wrapping for each consumer. Only handlers that are functions are wrapped. */
export function changingHandlers(wrap: (handler: Handler, backend: Backend) => Handler): Breakage {
  return changingOptions(({ handlers }, backend) =>
    typeof handlers === 'function' ? { handlers: wrap(handlers, backend) } : {},
  )
}

/** Breakage of subscriptions as users hold them. */
export function changingSubscriptions(
  change: (subscription: Subscription) => Partial<Subscription>,
): Breakage {
  return changingStream((stream) => ({
    subscribe: async (options) => {
      const subscription = await stream.subscribe(options)
      return overriding(subscription, change(subscription))
    },
  }))
}

/** Breakage of what is written where consumers keep their checkpoints. */
export function changingCheckpoints(
  change: (checkpoint: Record<string, unknown>, write: EncodedDocumentWrite) => Partial<EncodedDocumentWrite>,
): Breakage {
  return changingDocuments((documents) => ({
    doWrite: (writes) =>
      documents.doWrite(
        writes.map((write) => {
          if (write.collection !== '$consumers' || write.value === undefined) return write
          // Checkpoints are objects: `docs/wire.md` specifies them.
          return { ...write, ...change(JSON.parse(write.value) as Record<string, unknown>, write) }
        }),
      ),
  }))
}
