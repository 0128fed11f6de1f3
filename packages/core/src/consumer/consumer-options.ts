import { checkInteger } from '../arguments.ts'
import type { Capabilities } from '../capabilities.ts'
import { invalidArgument, notSupported } from '../error.ts'
import type { RecordedEvent } from '../event.ts'
import { parseToken } from '../position.ts'
import { categoryOf, checkName } from '../stream-id.ts'
import { describeError } from './describe-error.ts'
import type { ConsumerNotice, FailurePolicy, Handler, HandlerMap, SubscribeOptions } from './subscription.ts'

const MAX_GROUP_BYTES = 100
const MAX_MS = 2 ** 31 - 1

/** Options of a subscription, checked and complete. */
export interface ConsumerOptions {
  readonly group: string
  readonly handlersOf: (event: RecordedEvent) => readonly Handler[]
  readonly ordering: 'stream' | 'none'
  readonly startFrom: string
  readonly partitions: readonly number[]
  readonly effects: 'at-least-once' | 'exactly-once' | 'transaction'
  readonly concurrency: number
  readonly maxInFlightEvents: number
  readonly attempts: number
  readonly initialDelayMs: number
  readonly maxDelayMs: number
  readonly onFailure: FailurePolicy
  readonly maxParkedStreams: number
  readonly leaseMs: number
  readonly pollMs: { readonly min: number; readonly max: number }
  readonly notify: (notice: ConsumerNotice) => void
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option; `NOT_SUPPORTED` for effects that the backend has not. */
export function checkConsumerOptions<Native>(
  options: SubscribeOptions<Native>,
  partitions: number,
  capabilities: Capabilities,
): ConsumerOptions {
  const { group, ordering = 'stream', startFrom = 'start', effects = 'at-least-once' } = options
  const { retry = {}, onFailure = 'park' } = options
  const { concurrency = 8, maxInFlightEvents = 500, maxParkedStreams = 100, leaseMs = 10_000 } = options
  const { min = 10, max = 1000 } = options.pollMs ?? {}
  const { attempts = 5, initialDelayMs = 50, maxDelayMs = 5000 } = retry
  checkName(group, 'group', MAX_GROUP_BYTES)
  checkEffects(effects, capabilities)
  checkOrdering(ordering, effects, capabilities)
  checkInteger(concurrency, 'concurrency', 1, 10_000)
  checkInteger(maxInFlightEvents, 'maxInFlightEvents', 1, 100_000)
  checkInteger(maxParkedStreams, 'maxParkedStreams', 0, 10_000)
  checkInteger(leaseMs, 'leaseMs', 100, MAX_MS)
  checkInteger(min, 'pollMs.min', 1, MAX_MS)
  checkInteger(max, 'pollMs.max', min, MAX_MS)
  checkInteger(attempts, 'retry.attempts', 1)
  checkInteger(initialDelayMs, 'retry.initialDelayMs', 0, MAX_MS)
  checkInteger(maxDelayMs, 'retry.maxDelayMs', 0, MAX_MS)
  if (onFailure !== 'park' && onFailure !== 'skip' && onFailure !== 'stop') {
    throw invalidArgument('onFailure', "must be 'park', 'skip' or 'stop'")
  }
  if (startFrom !== 'start' && startFrom !== 'end') parseToken(startFrom, 'startFrom')
  return {
    group,
    // The context's type follows from the backend that the options were given to.
    handlersOf: handlerLookup(options.handlers as SubscribeOptions['handlers']),
    ordering,
    startFrom,
    partitions: checkPartitions(options.partitions, partitions),
    effects,
    concurrency,
    maxInFlightEvents,
    attempts,
    initialDelayMs,
    maxDelayMs,
    onFailure,
    maxParkedStreams,
    leaseMs,
    pollMs: { min, max },
    notify: options.onNotice ?? ((notice) => warn(group, notice)),
  }
}

/** What must not pass in silence when nobody asked to be told. */
function warn(group: string, notice: ConsumerNotice): void {
  const name = `Eventspine consumer group ${JSON.stringify(group)}`
  if (notice.kind === 'park') {
    process.emitWarning(
      `${name} parked stream ${JSON.stringify(notice.event.streamId)}: ${describeError(notice.error)}`,
    )
  } else if (notice.kind === 'ended') {
    process.emitWarning(`${name} has ended: ${describeError(notice.error)}`)
  }
}

function checkEffects(effects: string, capabilities: Capabilities): void {
  if (effects === 'at-least-once') return
  if (effects === 'exactly-once') {
    if (capabilities.documentBatch === 'none')
      throw notSupported("effects 'exactly-once' need batches of documents")
  } else if (effects === 'transaction') {
    if (capabilities.sharedTransaction === 'none')
      throw notSupported("effects 'transaction' need a shared transaction")
  } else {
    throw invalidArgument('effects', "must be 'at-least-once', 'exactly-once' or 'transaction'")
  }
}

function checkOrdering(ordering: string, effects: string, capabilities: Capabilities): void {
  if (ordering === 'stream') return
  if (ordering !== 'none') throw invalidArgument('ordering', "must be 'stream' or 'none'")
  if (!capabilities.competingConsumers)
    throw notSupported("ordering 'none' needs a stream that hands out single events")
  if (effects !== 'at-least-once')
    throw invalidArgument('effects', "must be 'at-least-once' with ordering 'none'")
}

function checkPartitions(chosen: readonly number[] | undefined, partitions: number): readonly number[] {
  if (chosen === undefined) return Array.from({ length: partitions }, (_, partition) => partition)
  if (!Array.isArray(chosen) || chosen.length === 0)
    throw invalidArgument('partitions', 'must name at least one partition')
  chosen.forEach((partition: unknown, index) =>
    checkInteger(partition, `partitions[${index}]`, 0, partitions - 1),
  )
  return [...new Set(chosen)]
}

/** Finds an event's handlers by one look-up of its type. */
function handlerLookup(handlers: SubscribeOptions['handlers']): (event: RecordedEvent) => readonly Handler[] {
  if (typeof handlers === 'function') {
    const all = [handlers]
    return () => all
  }
  const maps: readonly HandlerMap[] = Array.isArray(handlers) ? handlers : [handlers as HandlerMap]
  const everything: HandlerMap[] = []
  const byType = new Map<string, HandlerMap[]>()
  maps.forEach((map, index) => {
    const field = Array.isArray(handlers) ? `handlers[${index}]` : 'handlers'
    if (typeof map?.handle !== 'function') throw invalidArgument(field, 'must be a function or a handler map')
    if (map.types === 'all') everything.push(map)
    else if (!Array.isArray(map.types))
      throw invalidArgument(`${field}.types`, "must be 'all' or an array of types")
    else for (const type of map.types) byType.set(type, [...(byType.get(type) ?? []), map])
  })
  return (event) => {
    const named = byType.get(event.type)
    const candidates =
      named === undefined ? everything : everything.length === 0 ? named : [...everything, ...named]
    if (candidates.length === 0) return []
    return candidates
      .filter(({ category }) => category === undefined || categoryOf(event.streamId) === category)
      .map(({ handle }) => handle)
  }
}
