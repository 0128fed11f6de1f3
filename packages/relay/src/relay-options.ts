import { invalidArgument, parseToken } from '@eventspine/core'
import type { EventStore, Position, RecordedEvent, RelayChange, Token } from '@eventspine/core'
import { warn } from './warn.ts'

const MAX_MS = 2 ** 31 - 1
const MAX_BATCH_EVENTS = 10_000

export interface RelayOptions {
  /**
   * Names the relay in its target, which remembers how far it is under this name. Several relays of one source
   * may run side by side under names of their own. At most 100 bytes.
   */
  readonly name: string
  /** Of the source. Default: all. */
  readonly partitions?: readonly number[] | undefined
  /** For a relay that has not yet written to its target. Default `start`. */
  readonly startFrom?: 'start' | 'end' | Token | undefined
  /** Which events go on; the others are passed over. Must not wait, and must say the same when asked again. */
  readonly filter?: ((event: RecordedEvent) => boolean) | undefined
  /** What changes of an event on its way; `undefined`: nothing. Must not wait; may be asked again for one event. */
  readonly map?: ((event: RecordedEvent) => RelayChange | undefined) | undefined
  /** Events read and written at once; two such batches are held in memory a partition. Default 500. */
  readonly batchEvents?: number | undefined
  /** Idle polls of a source that wakes nobody back off from the first to the second. Default 10 and 1,000. */
  readonly pollMs?: { readonly min: number; readonly max: number } | undefined
  /**
   * Where the source has documents: a relay that is silent for so long is taken over by one that stands by.
   * Default 10,000.
   */
  readonly leaseMs?: number | undefined
  /**
   * How often the place of events that were all passed over is written, so that a restart does not read them
   * again. Default 1,000.
   */
  readonly positionMs?: number | undefined
  /** Told of ownership, outages and an end that nobody asked for. Must not throw. Default: a process warning of such an end. */
  readonly onNotice?: ((notice: RelayNotice) => void) | undefined
  /** Aborting it stops the relay. */
  readonly signal?: AbortSignal | undefined
}

/** Something an operator may want to know. */
export type RelayNotice =
  /** This relay writes the partition now, from `position` on. */
  | { readonly kind: 'owned'; readonly partition: number; readonly position: Position | undefined }
  /** Another relay of this name writes the partition; this one waits for it to end or fall silent. */
  | { readonly kind: 'standby'; readonly partition: number }
  /** Another relay of this name opened a session: what this one writes is refused from now on. */
  | { readonly kind: 'fenced'; readonly partition: number; readonly error: unknown }
  | {
      readonly kind: 'backend-error'
      readonly partition: number
      readonly error: unknown
      readonly retryInMs: number
    }
  | { readonly kind: 'ended'; readonly error: unknown }

/** Options of a relay, checked and complete. */
export interface CheckedOptions {
  readonly name: string
  readonly partitions: readonly number[]
  readonly startFrom: string
  readonly filter: ((event: RecordedEvent) => boolean) | undefined
  readonly map: ((event: RecordedEvent) => RelayChange | undefined) | undefined
  readonly batchEvents: number
  readonly pollMs: { readonly min: number; readonly max: number }
  readonly leaseMs: number
  readonly positionMs: number
  readonly notify: (notice: RelayNotice) => void
}

/** @throws an EventStoreError `INVALID_ARGUMENT` naming the option; `FEED_DIVERGED`: `startFrom` is of another store. */
export function checkRelayOptions(options: RelayOptions, source: EventStore): CheckedOptions {
  const { name, startFrom = 'start', filter, map } = options
  const { batchEvents = 500, leaseMs = 10_000, positionMs = 1000 } = options
  const { min = 10, max = 1000 } = options.pollMs ?? {}
  if (typeof name !== 'string' || name === '') throw invalidArgument('name', 'must be a non-empty string')
  if (filter !== undefined && typeof filter !== 'function')
    throw invalidArgument('filter', 'must be a function')
  if (map !== undefined && typeof map !== 'function') throw invalidArgument('map', 'must be a function')
  checkInteger(batchEvents, 'batchEvents', 1, MAX_BATCH_EVENTS)
  checkInteger(leaseMs, 'leaseMs', 100, MAX_MS)
  checkInteger(positionMs, 'positionMs', 0, MAX_MS)
  checkInteger(min, 'pollMs.min', 1, MAX_MS)
  checkInteger(max, 'pollMs.max', min, MAX_MS)
  if (startFrom !== 'start' && startFrom !== 'end') {
    if (parseToken(startFrom, 'startFrom').some(({ incarnation }) => incarnation !== source.incarnation))
      throw invalidArgument('startFrom', 'is a token of another store')
  }
  return {
    name,
    partitions: checkPartitions(options.partitions, source.partitions),
    startFrom,
    filter,
    map,
    batchEvents,
    pollMs: { min, max },
    leaseMs,
    positionMs,
    notify: options.onNotice ?? ((notice) => warn(name, notice)),
  }
}

export function checkInteger(value: unknown, field: string, minimum: number, maximum: number): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value > maximum)
    throw invalidArgument(field, `must be an integer from ${minimum} to ${maximum}, got ${String(value)}`)
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
