import {
  type AppendOptions,
  type AppendResult,
  type Backend,
  EventStoreError,
  type EventStore,
  type NewEvent,
} from '@eventspine/core'
import { changingStore, turn } from './changing.ts'
import type { Breakage, Mutant } from './mutant.ts'
import { overriding } from './overriding.ts'

type Append = EventStore['append']

/** Breakage of `append` as users call it. */
function changingAppend(
  change: (
    append: Append,
    streamId: string,
    events: readonly NewEvent[],
    options: AppendOptions,
  ) => Promise<AppendResult>,
): Breakage {
  return {
    backend: (backend: Backend) => {
      const { store } = backend
      const append: Append = (streamId, events, options = {}) =>
        change((...call) => store.append(...call), streamId, events, options)
      return overriding(backend, { store: overriding(store, { append }) })
    },
  }
}

export const wrapperMutants: readonly Mutant[] = [
  {
    law: 'A6',
    id: 'A6/conflict',
    breaks: 'takes a repeat for a conflict',
    killedBy: ['repeat/first-result', 'repeat/at-once', 'unknown-outcome/lost-reply'],
    create: () =>
      changingAppend(async (append, streamId, events, options) => {
        const result = await append(streamId, events, options)
        if (result.repeated) throw new EventStoreError('VERSION_CONFLICT', 'taken for a conflict')
        return result
      }),
  },
  {
    law: 'A6',
    id: 'A6/written-again',
    breaks: 'writes a repeat once more',
    killedBy: ['repeat/first-result', 'repeat/after-others'],
    create: () =>
      changingAppend(async (append, streamId, events, options) => {
        const result = await append(streamId, events, options)
        return result.repeated ? append(streamId, events) : result
      }),
  },
  {
    law: 'A6',
    id: 'A6/ids-only',
    breaks: 'compares ids only, and takes other data for the same',
    killedBy: ['repeat/other-data', 'repeat/bytes'],
    create: () => {
      const sent = new Map<string, AppendResult>()
      return changingAppend(async (append, streamId, events, options) => {
        const ids = JSON.stringify([streamId, options.expectedVersion, events.map(({ id }) => id)])
        const known = sent.get(ids)
        if (known !== undefined) return { ...known, repeated: true }
        const result = await append(streamId, events, options)
        sent.set(ids, result)
        return result
      })
    },
  },
  {
    law: 'A6',
    id: 'A6/any-version',
    breaks: 'takes ids that stand anywhere in the stream for a repeat',
    killedBy: ['repeat/other-version'],
    create: () => {
      const sent = new Map<string, AppendResult>()
      return changingAppend(async (append, streamId, events, options) => {
        const known = sent.get(events[0]?.id ?? '')
        if (known !== undefined) return { ...known, repeated: true }
        const result = await append(streamId, events, options)
        for (const { id } of events) if (id !== undefined) sent.set(id, result)
        return result
      })
    },
  },
  {
    law: 'A7',
    id: 'A7/not-applied',
    breaks: 'tells a lost reply as not applied',
    killedBy: ['unknown-outcome/lost-reply', 'unknown-outcome/lost-reply-any'],
    create: () =>
      changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          try {
            return await store.doAppend(commits, lockTimeoutMs)
          } catch (error) {
            throw new EventStoreError('BACKEND_UNAVAILABLE', 'the connection was lost', {
              retryable: true,
              cause: error,
            })
          }
        },
      })),
  },
  {
    law: 'A7',
    id: 'A7/sent-again',
    breaks: 'sends again by itself what was perhaps written',
    killedBy: ['unknown-outcome/lost-reply-any'],
    create: () =>
      changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          try {
            return await store.doAppend(commits, lockTimeoutMs)
          } catch (error) {
            if (!EventStoreError.is(error, 'OUTCOME_UNKNOWN')) throw error
            return store.doAppend(commits, lockTimeoutMs)
          }
        },
      })),
  },
  {
    law: 'A7',
    id: 'A7/no-warning',
    breaks: 'does not say that a repeat may double',
    killedBy: ['unknown-outcome/lost-reply-any', 'unknown-outcome/warns-of-doubling'],
    create: () =>
      changingAppend(async (append, streamId, events, options) => {
        try {
          return await append(streamId, events, options)
        } catch (error) {
          if (!EventStoreError.is(error) || error.outcome === 'not-applied') throw error
          const { code, outcome, retryable } = error
          throw new EventStoreError(code, 'the reply was lost', { outcome, retryable })
        }
      }),
  },
  {
    law: 'A7',
    id: 'A7/abort-is-not-applied',
    breaks: 'tells an append aborted under way as not applied',
    killedBy: ['unknown-outcome/abort-under-way'],
    create: () =>
      changingAppend(async (append, streamId, events, options) => {
        try {
          return await append(streamId, events, options)
        } catch (error) {
          if (!EventStoreError.is(error, 'ABORTED')) throw error
          throw new EventStoreError('ABORTED', 'the call was aborted')
        }
      }),
  },
  {
    law: 'A8',
    id: 'A8/unchecked',
    breaks: 'returns from an append of nothing without a look at the expectation',
    killedBy: ['append/empty'],
    create: () =>
      changingAppend(async (append, streamId, events, options) =>
        append(streamId, events, events.length === 0 ? {} : options),
      ),
  },
  {
    law: 'A8',
    id: 'A8/marker',
    breaks: 'writes a marker for an append of nothing',
    killedBy: ['append/empty'],
    create: () =>
      changingAppend(async (append, streamId, events, options) =>
        append(streamId, events.length === 0 ? [{ type: 'Nothing', data: null }] : events, options),
      ),
  },
  {
    law: 'A9',
    id: 'A9/unenforced',
    breaks: 'takes more than it declares',
    killedBy: ['limits/events', 'limits/bytes', 'limits/streams', 'document-arguments/value-bytes'],
    create: () => {
      let declared: Backend['capabilities'] | undefined
      return {
        adapter: (adapter) => {
          const { capabilities } = adapter
          declared = capabilities
          const more = {
            maxAppendEvents: capabilities.maxAppendEvents * 2,
            maxAppendBytes: capabilities.maxAppendBytes * 2,
            maxAppendStreams: capabilities.maxAppendStreams * 2,
            maxDocumentBytes: capabilities.maxDocumentBytes * 2,
          }
          return { ...adapter, capabilities: { ...capabilities, ...more } }
        },
        backend: (backend) => overriding(backend, { capabilities: declared ?? backend.capabilities }),
      }
    },
  },
  {
    law: 'A9',
    id: 'A9/after-io',
    breaks: 'asks the backend before it refuses',
    killedBy: ['limits/events', 'limits/bytes'],
    create: () =>
      changingAppend(async (append, streamId, events, options) => {
        await turn()
        return append(streamId, events, options)
      }),
  },
  {
    law: 'A10',
    id: 'A10/first-expectation',
    breaks: 'checks the expectation of the first stream of a commit only',
    killedBy: ['commit/one-conflict'],
    create: () =>
      changingStore((store) => ({
        doAppend: (commits, lockTimeoutMs) =>
          store.doAppend(
            commits.map((commit) => ({
              ...commit,
              appends: commit.appends.map((append, index) =>
                index === 0 ? append : { ...append, expectedVersion: 'any' },
              ),
            })),
            lockTimeoutMs,
          ),
      })),
  },
  {
    law: 'A10',
    id: 'A10/outcomes-swapped',
    breaks: 'returns the outcomes of a commit’s streams in another order',
    killedBy: ['commit/several-streams'],
    create: () =>
      changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) =>
          (await store.doAppend(commits, lockTimeoutMs)).map((outcome) =>
            outcome.ok ? { ...outcome, streams: outcome.streams.toReversed() } : outcome,
          ),
      })),
  },
  {
    law: 'R5',
    id: 'R5/silently-changed',
    breaks: 'stores what JSON.stringify makes of anything, instead of refusing it',
    killedBy: ['json/refused'],
    create: () =>
      changingAppend(async (append, streamId, events, options) => {
        const text = (data: unknown): unknown => {
          try {
            return JSON.parse(JSON.stringify(data) ?? 'null') as unknown
          } catch {
            // Cycles and BigInt throw in JSON.stringify too: those it refuses like everybody.
            return data
          }
        }
        return append(
          streamId,
          events.map((event) =>
            event.data instanceof Uint8Array ? event : { ...event, data: text(event.data) },
          ),
          options,
        )
      }),
  },
]
