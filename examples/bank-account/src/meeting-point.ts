import type { EventStore } from '@eventspine/core'

/** The part of a store that a command handler uses. */
export type HandlerStore = Pick<EventStore, 'append' | 'read' | 'head'>

/**
 * Makes a race certain: whoever appends waits until `parties` have come this far, so all of them have loaded and
 * decided before the first one writes. Those who come later, to try again, pass.
 */
export class MeetingPoint {
  readonly #parties: number
  readonly #everybodyHere: Promise<void>
  #open: () => void = () => undefined
  #arrived = 0

  constructor(parties: number) {
    this.#parties = parties
    this.#everybodyHere = new Promise((resolve) => (this.#open = resolve))
  }

  /** The store with the meeting point before its appends. */
  before(store: HandlerStore): HandlerStore {
    return {
      read: (streamId, options) => store.read(streamId, options),
      head: (streamId) => store.head(streamId),
      append: async (streamId, events, options) => {
        this.#arrived++
        if (this.#arrived === this.#parties) this.#open()
        await this.#everybodyHere
        return store.append(streamId, events, options)
      },
    }
  }

  /** Nobody waits any longer: for when one of them will not come. */
  giveUp(): void {
    this.#open()
  }
}
