import { abortableDelay, backoffMs, EventStoreError, isTransient } from '@eventspine/core'
import type { Entry, MessageStore, Stored } from './message-store.ts'
import type { StoredMessage } from './scheduled-message.ts'

/** What a delivery needs of the run it belongs to. */
export interface DeliveryTerms {
  /** Unique to the run. */
  readonly owner: string
  readonly leaseMs: number
}

/**
 * One delivery of a message by one run: from the claim to what came of it. All writes are compare-and-sets on
 * the revision that the last one left, so the first write of whoever takes over refuses all later ones here.
 */
export class Delivery<Message> {
  readonly entry: Entry
  readonly #store: MessageStore<Message>
  readonly #terms: DeliveryTerms
  readonly #lost = new AbortController()
  #stored: Stored<Message>
  #validUntilMs: number
  #heartbeat: NodeJS.Timeout | undefined
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(
    store: MessageStore<Message>,
    entry: Entry,
    terms: DeliveryTerms,
    claimed: Stored<Message>,
    claimedAtMs: number,
  ) {
    this.entry = entry
    this.#store = store
    this.#terms = terms
    this.#stored = claimed
    this.#validUntilMs = claimedAtMs + terms.leaseMs
    this.#heartbeat = setInterval(() => this.#beat(), terms.leaseMs / 3)
  }

  /** Claims a message that nobody else delivers; `undefined` when somebody was faster. */
  static async claim<Message>(
    store: MessageStore<Message>,
    entry: Entry,
    terms: DeliveryTerms,
    { value, revision }: Stored<Message>,
  ): Promise<Delivery<Message> | undefined> {
    const claimedAtMs = performance.now()
    const { owner, leaseMs } = terms
    const claim = { owner, leaseMs, attempts: value.attempts + 1, beat: value.beat + 1 }
    const claimed = { ...value, ...claim }
    try {
      const claimedRevision = await store.write(entry.id, claimed, revision)
      const stored = { value: claimed, revision: claimedRevision }
      return new Delivery(store, entry, terms, stored, claimedAtMs)
    } catch (error) {
      if (EventStoreError.is(error, 'REVISION_CONFLICT')) return undefined
      throw error
    }
  }

  get message(): StoredMessage<Message> {
    return this.#stored.value
  }

  /** Aborted when another run may deliver the message, or it was cancelled. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** It was delivered: what stays is that its id was used, for `keepMs`. */
  async succeed(keepMs: number | undefined): Promise<void> {
    this.#stopBeating()
    const { message: _message, error: _error, ...rest } = this.message
    const settled = { ...rest, status: 'delivered', owner: null } as const
    await this.#exclusively(() => this.#write(settled, keepMs))
    if (!this.signal.aborted) await this.#store.removeEntry(this.entry)
  }

  /** It failed: it is tried again from `tryAtMs` on. */
  async fail(error: string, tryAtMs: number): Promise<void> {
    this.#stopBeating()
    const waiting = { ...this.message, owner: null, tryAtMs, error }
    await this.#exclusively(() => this.#write(waiting))
    if (this.signal.aborted) return
    // Until the new entry stands the old one does, and leads to it.
    await this.#store.writeEntry(this.entry.id, tryAtMs)
    await this.#store.removeEntry(this.entry)
  }

  /** Ends without a word, as a killed process does: another run takes over when the lease has run out. */
  abandon(): void {
    this.#stopBeating()
    this.#lose('the run has ended')
  }

  #beat(): void {
    if (performance.now() >= this.#validUntilMs) return this.#lose('the claim ran out before it was renewed')
    // A failure shows as the loss of the claim.
    this.#exclusively(() => this.#write(this.message)).catch((error: unknown) =>
      this.#lose('the claim could not be renewed', error),
    )
  }

  /** Repeats a write until it is known to have happened, or the claim is lost. */
  async #write(change: StoredMessage<Message>, expiresInMs?: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      // The first try needs no valid claim: the revision tells whether anybody has taken over.
      if (attempt > 1 && performance.now() >= this.#validUntilMs) this.#lose('the claim ran out')
      if (this.signal.aborted) return
      const startedAtMs = performance.now()
      const next = { ...change, beat: this.message.beat + 1 }
      try {
        const before = this.#stored.revision
        const revision = await this.#store.write(this.entry.id, next, before, expiresInMs)
        this.#adopt({ value: next, revision }, startedAtMs)
        return
      } catch (error) {
        const isConflict = EventStoreError.is(error, 'REVISION_CONFLICT')
        if (!isConflict && !isTransient(error)) throw error
        if (!isConflict) await abortableDelay(backoffMs(attempt, 10, 500), this.signal)
        // Somebody else wrote, or this write's reply was lost: the document tells.
        if (await this.#isWritten(next, startedAtMs)) return
      }
    }
  }

  async #isWritten(next: StoredMessage<Message>, startedAtMs: number): Promise<boolean> {
    try {
      const found = await this.#store.read(this.entry.id)
      if (found?.revision === this.#stored.revision) return false
      const isOurs =
        found?.value.beat === next.beat &&
        found.value.owner === next.owner &&
        found.value.status === next.status
      if (isOurs) this.#adopt(found, startedAtMs)
      else this.#lose('the message was taken over or cancelled')
      return isOurs
    } catch (error) {
      if (!isTransient(error)) throw error
      return false
    }
  }

  #adopt(stored: Stored<Message>, renewedAtMs: number): void {
    this.#stored = stored
    this.#validUntilMs = renewedAtMs + this.#terms.leaseMs
  }

  #stopBeating(): void {
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }

  #lose(reason: string, cause?: unknown): void {
    this.#stopBeating()
    if (this.signal.aborted) return
    const id = JSON.stringify(this.entry.id)
    this.#lost.abort(new EventStoreError('LEASE_LOST', `scheduled message ${id}: ${reason}`, { cause }))
  }

  /** One write at a time: each needs the revision that the one before it left. */
  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#writing.then(work)
    this.#writing = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }
}
