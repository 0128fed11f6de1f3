import type { Backend, HandlerContext, HandlerDocuments } from '@eventspine/core'
import { changingDocuments } from './changing.ts'
import {
  changingCheckpoints,
  changingHandlers,
  changingOptions,
  changingStream,
  changingSubscriptions,
} from './changing-stream.ts'
import type { Mutant } from './mutant.ts'
import { overriding } from './overriding.ts'

/** Broken failure policies, stopping, observation, effects and bounds. */
export const consumerPolicyMutants: readonly Mutant[] = [
  {
    law: 'C6',
    id: 'C6/one-try',
    breaks: 'tries an event once',
    killedBy: ['consume/retry-with-backoff', 'consume/park'],
    create: () => changingOptions(({ retry }) => ({ retry: { ...retry, attempts: 1 } })),
  },
  {
    law: 'C6',
    id: 'C6/no-pause',
    breaks: 'tries again without a pause',
    killedBy: ['consume/retry-with-backoff'],
    create: () => changingOptions(({ retry }) => ({ retry: { ...retry, initialDelayMs: 0, maxDelayMs: 0 } })),
  },
  {
    law: 'C6',
    id: 'C6/holds-others',
    breaks: 'lets all other streams wait while one is tried again',
    killedBy: ['consume/retry-with-backoff'],
    create: () =>
      changingOptions(({ handlers, retry = {} }) => {
        if (typeof handlers !== 'function') return {}
        const { attempts = 5, initialDelayMs = 50 } = retry
        return {
          concurrency: 1,
          handlers: async (event, context) => {
            for (let attempt = 1; ; attempt++) {
              try {
                return await handlers(event, { ...context, attempt })
              } catch (error) {
                if (attempt >= attempts) throw error
              }
              await new Promise((resolve) => setTimeout(resolve, initialDelayMs * 2 ** (attempt - 1)))
            }
          },
        }
      }),
  },
  {
    law: 'C6',
    id: 'C6/drops',
    breaks: 'drops what cannot be handled, whatever the policy says',
    killedBy: ['consume/park', 'consume/stop-policy', 'consume/thrown-values'],
    create: () => changingOptions(() => ({ onFailure: 'skip' })),
  },
  {
    law: 'C6',
    id: 'C6/swallows',
    breaks: 'takes a failed handler for a successful one',
    killedBy: ['consume/retry-with-backoff', 'consume/park', 'consume/skip-policy'],
    create: () =>
      changingHandlers((handler) => async (event, context) => {
        try {
          await handler(event, context)
        } catch {
          // What this mutant does wrong.
        }
      }),
  },
  {
    law: 'C6',
    id: 'C6/forgets',
    breaks: 'forgets which streams are parked when it stops',
    killedBy: ['consume/parked-outlives-restart', 'consume/replay-asked-while-away'],
    create: () =>
      changingCheckpoints((checkpoint) =>
        checkpoint['owner'] === null ? { value: JSON.stringify({ ...checkpoint, parked: [] }) } : {},
      ),
  },
  {
    law: 'C6',
    id: 'C6/parks-for-ever',
    breaks: 'parks without a bound',
    killedBy: ['consume/most-parked-streams'],
    create: () => changingOptions(() => ({ maxParkedStreams: 10_000 })),
  },
  {
    law: 'C6',
    id: 'C6/no-replay',
    breaks: 'drops what is parked when it is asked to replay it',
    killedBy: ['consume/replay-in-order', 'consume/replay-asked-while-away'],
    create: () =>
      changingCheckpoints((checkpoint) => {
        const parked = (checkpoint['parked'] as readonly { readonly request?: unknown }[]) ?? []
        return {
          value: JSON.stringify({
            ...checkpoint,
            parked: parked.filter(({ request }) => request === undefined),
          }),
        }
      }),
  },
  {
    law: 'C7',
    id: 'C7/walks-away',
    breaks: 'leaves handlers behind when it stops',
    killedBy: ['consume/stop-finishes'],
    create: () =>
      changingSubscriptions((subscription) => ({ stop: () => subscription.stop({ timeoutMs: 0 }) })),
  },
  {
    law: 'C7',
    id: 'C7/not-yet',
    breaks: 'says that it has stopped before it has',
    killedBy: ['consume/stop-finishes'],
    create: () =>
      changingSubscriptions((subscription) => ({
        stop: async (options) => {
          void subscription.stop(options)
        },
      })),
  },
  {
    law: 'C7',
    id: 'C7/over-budget',
    breaks: 'runs on after its budget',
    killedBy: ['consume/run-once-budget'],
    create: () =>
      changingStream((stream) => ({
        runOnce: (options) => stream.runOnce({ ...options, budgetMs: options.budgetMs * 1000 }),
      })),
  },
  {
    law: 'C8',
    id: 'C8/no-lag',
    breaks: 'always says that there is no lag',
    killedBy: ['consume/lag'],
    create: () =>
      changingStream((stream) => ({
        group: (name) => {
          const group = stream.group(name)
          return overriding(group, {
            lag: async () => (await group.lag()).map((lag) => ({ ...lag, events: 0 })),
          })
        },
      })),
  },
  {
    law: 'C8',
    id: 'C8/silent',
    breaks: 'tells nobody what it does',
    killedBy: ['consume/retry-with-backoff', 'consume/most-parked-streams', 'consume/diverged-checkpoint'],
    create: () => changingOptions(() => ({ onNotice: undefined })),
  },
  {
    law: 'C8',
    id: 'C8/caught-up-at-once',
    breaks: 'says that it has caught up before it has',
    killedBy: ['consume/caught-up', 'consume/caught-up-refusals'],
    create: () => changingSubscriptions(() => ({ caughtUpTo: async () => undefined })),
  },
  {
    law: 'C9',
    id: 'C9/effects-first',
    breaks: 'writes effects before the checkpoint instead of with it',
    killedBy: ['consume/late-effects-refused'],
    create: () =>
      changingDocuments((documents) => ({
        doWrite: async (writes) => {
          const [checkpoint, ...effects] = writes
          if (checkpoint?.collection !== '$consumers' || effects.length === 0)
            return documents.doWrite(writes)
          const outcome = await documents.doWrite(effects)
          return outcome.ok ? documents.doWrite([checkpoint]) : outcome
        },
      })),
  },
  {
    law: 'C9',
    id: 'C9/at-once',
    breaks: 'writes the effects of a handler while it runs',
    killedBy: ['consume/effects-of-failed-handlers', 'consume/effects-once', 'consume/late-effects-refused'],
    create: () =>
      changingHandlers(
        (handler, backend) => (event, context) => handler(event, writingAtOnce(context, backend)),
      ),
  },
  {
    law: 'C9',
    id: 'C9/blind-effects',
    breaks: 'writes effects over whatever somebody else has written',
    killedBy: ['consume/effects-beside-outsiders'],
    create: () =>
      changingDocuments((documents) => ({
        doWrite: (writes) =>
          documents.doWrite(
            writes.map((write) =>
              write.collection === 'sums' ? { ...write, expectedRevision: 'any' } : write,
            ),
          ),
      })),
  },
  {
    law: 'C10',
    id: 'C10/greedy',
    breaks: 'takes everything there is in hand',
    killedBy: ['consume/bounded-in-hand', 'consume/abandoned-repeats-bounded'],
    create: () => changingOptions(() => ({ maxInFlightEvents: 100_000 })),
  },
  {
    law: 'C10',
    id: 'C10/one-stream-first',
    breaks: 'lets ten thousand streams wait for one',
    killedBy: ['consume/ten-thousand-streams'],
    create: () => changingOptions(() => ({ concurrency: 1 })),
  },
]

/** Effects go straight to the documents; what was read is not compared. */
function writingAtOnce(context: HandlerContext, backend: Backend): HandlerContext {
  const place = context.partition
  const pending: Promise<unknown>[] = []
  const documents: HandlerDocuments = {
    get: async <Value>(collection: string, key: string, { partition = place } = {}) => {
      await Promise.all(pending)
      return (await backend.documents.collection<Value>(collection).get(key, { partition }))?.value
    },
    put: (collection, key, value, { partition = place, expiresInMs, listed } = {}) => {
      pending.push(
        backend.documents.collection(collection, { listed }).put(key, value, { partition, expiresInMs }),
      )
    },
    delete: (collection, key, { partition = place } = {}) => {
      pending.push(backend.documents.collection(collection).delete(key, { partition }))
    },
  }
  return { ...context, documents }
}
