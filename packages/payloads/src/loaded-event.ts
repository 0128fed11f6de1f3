import type { Codec, EventOrigin, StoredEvent } from '@eventspine/core'
import type { Loaded } from './load-payloads.ts'

/** An event with its data as it was before it was checked in. What is rarely read is left to the event below. */
export class LoadedEvent implements StoredEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly streamId: string
  readonly version: number
  readonly partition: number
  readonly sequence: number
  readonly #stored: StoredEvent
  readonly #loaded: Loaded

  constructor(stored: StoredEvent, loaded: Loaded) {
    this.id = stored.id
    this.type = stored.type
    this.schemaVersion = stored.schemaVersion
    this.streamId = stored.streamId
    this.version = stored.version
    this.partition = stored.partition
    this.sequence = stored.sequence
    this.#stored = stored
    this.#loaded = loaded
  }

  get codec(): Codec {
    return 'error' in this.#loaded ? this.#stored.codec : this.#loaded.codec
  }

  /** @throws an EventStoreError `PAYLOAD_MISSING`. */
  get data(): string {
    if ('error' in this.#loaded) throw this.#loaded.error
    return this.#loaded.text
  }

  get metadata(): string {
    return this.#stored.metadata
  }

  get timestampMs(): number {
    return this.#stored.timestampMs
  }

  get origin(): EventOrigin | undefined {
    return this.#stored.origin
  }
}
