import { asBackendError } from '../arguments.ts'
import type { CompetingAdapter } from '../competing-adapter.ts'
import { invalidArgument } from '../error.ts'
import { type EventRead } from '../event-store.ts'
import { PagedRead } from '../event-read.ts'
import type { RecordedEvent } from '../event.ts'
import { eventCheck, FEED_START, formatPosition, parsePosition } from '../position.ts'
import { asDelivered } from '../published.ts'
import { recordedEvents } from '../recorded-event.ts'
import { checkName } from '../stream-id.ts'
import type { ConsumerBackend } from './run.ts'
import type { ConsumerGroup, ParkedStream, PartitionLag } from './subscription.ts'

/** A group without order as an operator sees it: what is parked is single events, nothing waits behind them. */
export class CompetingGroup implements ConsumerGroup {
  readonly name: string
  readonly #backend: ConsumerBackend
  readonly #competing: CompetingAdapter

  constructor(backend: ConsumerBackend, competing: CompetingAdapter, name: string) {
    checkName(name, 'name', 100)
    this.#backend = backend
    this.#competing = competing
    this.name = name
  }

  lag(): Promise<readonly PartitionLag[]> {
    return competingLag(this.#backend, this.#competing, this.name)
  }

  async parked(): Promise<readonly ParkedStream[]> {
    const parked = await eachPartition(this.#backend, async (partition) => {
      const failures = await this.#competing.doParked({ group: this.name, partition })
      return Promise.all(
        failures.map(async ({ sequence, tries, error }): Promise<ParkedStream> => {
          const event = await this.#event(partition, sequence)
          const { streamId = '', position } = event ?? {}
          return {
            streamId,
            partition,
            firstPosition: position ?? this.#unknownPosition(partition, sequence),
            streamPosition: sequence,
            attempts: tries,
            error,
          }
        }),
      )
    })
    return parked.flat()
  }

  waiting({ partition, streamPosition }: ParkedStream): EventRead {
    const read = async (): Promise<readonly RecordedEvent[]> => {
      const event = await this.#event(partition, streamPosition)
      return event === undefined ? [] : [event]
    }
    return new PagedRead(async function* () {
      yield await read()
    })
  }

  replay(streamId: string): Promise<void> {
    return this.#unpark(streamId, true)
  }

  skip(streamId: string): Promise<void> {
    return this.#unpark(streamId, false)
  }

  async #unpark(streamId: string, again: boolean): Promise<void> {
    let found = false
    for (const parked of await this.parked()) {
      if (parked.streamId !== streamId) continue
      const { partition, streamPosition } = parked
      const unparked = await write(
        this.#competing.doUnpark({ group: this.name, partition }, streamPosition, again),
      )
      found ||= unparked
    }
    if (!found) throw invalidArgument('streamId', 'has no parked event in this group')
  }

  /** `undefined` when it was trimmed by force. */
  async #event(partition: number, sequence: number): Promise<RecordedEvent | undefined> {
    const { adapter, store } = this.#backend
    const page = await adapter.log?.doReadFeed({ partition, after: sequence - 1, limit: 1 })
    const found = page?.events.filter((event) => event.sequence === sequence) ?? []
    const [event] = recordedEvents(found, store.incarnation)
    return event === undefined ? undefined : asDelivered(event)
  }

  #unknownPosition(partition: number, sequence: number) {
    return formatPosition(this.#backend.store.incarnation, partition, { sequence, check: '00000000' })
  }
}

export function competingLag(
  backend: ConsumerBackend,
  competing: CompetingAdapter,
  group: string,
): Promise<readonly PartitionLag[]> {
  const { store } = backend
  return eachPartition(backend, async (partition): Promise<PartitionLag> => {
    const state = await competing.doState({ group, partition })
    const head = parsePosition(await store.feedHead(partition)).sequence
    const { handedOut = 0, inHand = 0, firstInHand, parked = 0, members = 0 } = state ?? {}
    const done = firstInHand === undefined ? handedOut : firstInHand - 1
    const page = await backend.adapter.log?.doReadFeed({ partition, after: done, limit: 1 })
    const cursor =
      page?.anchorId === undefined ? FEED_START : { sequence: done, check: eventCheck(page.anchorId) }
    return {
      partition,
      events: Math.max(0, head - handedOut) + inHand,
      checkpoint: formatPosition(store.incarnation, partition, cursor),
      parkedStreams: parked,
      owned: members > 0,
    }
  })
}

function eachPartition<Result>(
  { store }: ConsumerBackend,
  work: (partition: number) => Promise<Result>,
): Promise<readonly Result[]> {
  return Promise.all(Array.from({ length: store.partitions }, (_, partition) => work(partition)))
}

async function write<Result>(result: Promise<Result>): Promise<Result> {
  try {
    return await result
  } catch (error) {
    throw asBackendError(error, 'write')
  }
}
