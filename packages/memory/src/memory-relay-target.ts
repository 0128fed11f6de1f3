import { EventStoreError } from '@eventspine/core'
import type {
  RelayedEvent,
  RelayPosition,
  RelayRequest,
  RelaySessionAdapter,
  RelayTargetAdapter,
} from '@eventspine/core'
import type { MemoryLogDatabase, RelayProgress } from './log-database.ts'

/** Remembers for every relay and source partition how far it is and which session may write. */
export class MemoryRelayTarget implements RelayTargetAdapter {
  readonly #database: MemoryLogDatabase

  constructor(database: MemoryLogDatabase) {
    this.#database = database
  }

  async doOpenRelay({
    relay,
    incarnation,
    partition,
    partitions,
  }: RelayRequest): Promise<RelaySessionAdapter> {
    const { relays } = this.#database
    // An incarnation holds no slash.
    const key = `${incarnation}/${relay}`
    const state = relays.get(key) ?? { partitions, progress: new Map() }
    if (state.partitions !== partitions) {
      throw new EventStoreError(
        'STORE_INCOMPATIBLE',
        `relay ${JSON.stringify(relay)} wrote from a source with ${state.partitions} partitions, which now has ${partitions}`,
      )
    }
    const progress = state.progress.get(partition) ?? { epoch: 0, position: undefined }
    progress.epoch++
    state.progress.set(partition, progress)
    relays.set(key, state)
    return new MemoryRelaySession(
      this.#database,
      progress,
      `${JSON.stringify(relay)}, partition ${partition}`,
    )
  }
}

class MemoryRelaySession implements RelaySessionAdapter {
  readonly #database: MemoryLogDatabase
  readonly #progress: RelayProgress
  readonly #epoch: number
  readonly #name: string
  #position: RelayPosition | undefined

  constructor(database: MemoryLogDatabase, progress: RelayProgress, name: string) {
    this.#database = database
    this.#progress = progress
    this.#epoch = progress.epoch
    this.#position = progress.position
    this.#name = name
  }

  get position(): RelayPosition | undefined {
    return this.#position
  }

  async doWrite(events: readonly RelayedEvent[], position: RelayPosition): Promise<void> {
    if (this.#progress.epoch !== this.#epoch) {
      throw new EventStoreError('LEASE_LOST', `relay ${this.#name}: another session was opened`)
    }
    this.#database.push(
      events.map((event) => {
        const { streamId, partition, timestampMs, origin } = event
        return { event, streamId, partition, timestampMs, origin }
      }),
    )
    this.#progress.position = position
    this.#position = position
  }

  async doClose(): Promise<void> {
    // Nothing is held: a session that is not used any more is fenced by the next one.
  }
}
