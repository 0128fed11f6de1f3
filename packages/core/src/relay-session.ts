import { asBackendError } from './arguments.ts'
import type { Capabilities } from './capabilities.ts'
import type { EventOrigin, RecordedEvent } from './event.ts'
import type { RelayedEvent, RelayRequest, RelaySessionAdapter, RelayTargetAdapter } from './log-adapter.ts'
import { partitionOf } from './partition.ts'
import { writeRelayed } from './relay-batches.ts'
import { eventCheck, formatPosition, parsePosition, type Position } from './position.ts'
import { asDelivered } from './published.ts'
import { storedEvent } from './recorded-event.ts'
import { encodeEvent } from './encode-event.ts'
import { checkName, MAX_STREAM_ID_BYTES } from './stream-id.ts'

/** What a relay changes of an event on its way. The id stays: readers deduplicate by it. */
export interface RelayChange {
  readonly streamId?: string | undefined
  readonly type?: string | undefined
  readonly data?: unknown
  readonly metadata?: RecordedEvent['metadata'] | undefined
}

/** An event to be relayed, as it is or changed. */
export interface RelayEvent {
  readonly event: RecordedEvent
  readonly change?: RelayChange | undefined
}

/**
 * One owner of one relay and source partition: it writes events together with the place they came from. For
 * relays; applications publish.
 */
export interface RelaySession {
  /** Up to where the source's feed is in the target; `undefined` when nothing was written yet. */
  readonly position: Position | undefined
  /**
   * Appends events of the source, in order, and moves the position: in one atomic step, or in as few as the
   * target's limits allow, each with the position of its own last event.
   *
   * @throws {@link EventStoreError} `LEASE_LOST`: another session of this relay was opened; nothing more was
   *   written. `LIMIT_EXCEEDED`: one event alone is larger than the target takes. After any other failure this
   *   session is of no use: open a new one, whose `position` tells what was written.
   */
  write(events: readonly RelayEvent[], position: Position): Promise<void>
  close(): Promise<void>
}

/** What a session must know of the log that it writes to. */
export interface LogTerms {
  readonly partitions: number
  readonly capabilities: Capabilities
}

export async function openRelaySession(
  target: RelayTargetAdapter,
  request: RelayRequest,
  log: LogTerms,
): Promise<RelaySession> {
  checkName(request.relay, 'relay', 100)
  try {
    return new WrappedRelaySession(await target.doOpenRelay(request), request, log)
  } catch (error) {
    throw asBackendError(error, 'write')
  }
}

class WrappedRelaySession implements RelaySession {
  readonly #session: RelaySessionAdapter
  readonly #request: RelayRequest
  readonly #log: LogTerms

  constructor(session: RelaySessionAdapter, request: RelayRequest, log: LogTerms) {
    this.#session = session
    this.#request = request
    this.#log = log
  }

  get position(): Position | undefined {
    const { incarnation, partition } = this.#request
    const { position } = this.#session
    return position === undefined ? undefined : formatPosition(incarnation, partition, position)
  }

  async write(events: readonly RelayEvent[], position: Position): Promise<void> {
    const { sequence, check } = parsePosition(position)
    const relayed = events.map((event) => this.#relayed(event))
    try {
      await writeRelayed(this.#session, relayed, { sequence, check }, this.#log.capabilities)
    } catch (error) {
      throw asBackendError(error, 'write')
    }
  }

  async close(): Promise<void> {
    await this.#session.doClose()
  }

  #relayed({ event, change }: RelayEvent): RelayedEvent {
    // Bodies go on as they were read: most are never parsed on their way.
    const stored = storedEvent(event)
    const { sequence, timestampMs } = stored
    const position = formatPosition(this.#request.incarnation, stored.partition, {
      sequence,
      check: eventCheck(stored.id),
    })
    const streamId = change?.streamId ?? asDelivered(event).streamId
    if (change?.streamId !== undefined) checkName(streamId, 'streamId', MAX_STREAM_ID_BYTES)
    // Versions of several streams in one would rise and fall.
    const origin: EventOrigin =
      streamId === stored.streamId ? { position, streamPosition: stored.version } : { position }
    const encoded = change === undefined ? stored : changed(event, change)
    return {
      id: encoded.id,
      type: encoded.type,
      schemaVersion: encoded.schemaVersion,
      codec: encoded.codec,
      data: encoded.data,
      metadata: encoded.metadata,
      streamId,
      partition: partitionOf(streamId, this.#log.partitions),
      timestampMs,
      origin,
      sourceSequence: sequence,
    }
  }
}

function changed(event: RecordedEvent, change: RelayChange) {
  const { id, schemaVersion, occurredAt, tags, contentType } = event
  const { type = event.type, metadata = event.metadata } = change
  const data = 'data' in change ? change.data : event.data
  const bytes = data instanceof Uint8Array && contentType !== undefined
  return encodeEvent(
    {
      id,
      type,
      schemaVersion,
      data,
      metadata,
      tags,
      ...(occurredAt === undefined ? {} : { occurredAt }),
      ...(bytes ? { contentType } : {}),
    },
    'event',
  )
}
