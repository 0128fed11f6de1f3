import { type Backend, EventStoreError, type NewEvent } from '@eventspine/core'

/** How long a cluster may take until it accepts an append again. */
const PATIENCE_MS = 60_000

/** Appends to one stream at exact versions, and repeats what nobody knows until somebody does. */
export class ExactWriter {
  readonly ids: string[] = []
  readonly #backend: Backend
  readonly #streamId: string
  #repeats = 0
  #refusals = 0

  constructor(backend: Backend, streamId: string) {
    this.#backend = backend
    this.#streamId = streamId
  }

  /** Appends that failed while the node was gone. */
  get failures(): number {
    return this.#repeats + this.#refusals
  }

  async run(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      const event: NewEvent = { id: crypto.randomUUID(), type: 'Counted', data: this.ids.length }
      await this.#append(event)
      this.ids.push(event.id ?? '')
    }
  }

  async #append(event: NewEvent): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS
    for (;;) {
      try {
        await this.#backend.store.append(this.#streamId, [event], { expectedVersion: this.ids.length })
        return
      } catch (error) {
        if (!EventStoreError.is(error) || !error.retryable || performance.now() > deadlineMs) throw error
        if (error.outcome === 'unknown') this.#repeats++
        else this.#refusals++
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
}
