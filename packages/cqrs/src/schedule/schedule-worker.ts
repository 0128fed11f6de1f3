import { abortableDelay, backoffMs, isTransient } from '@eventspine/core'
import { v4 } from 'uuid'
import { describeThrown } from '../describe-thrown.ts'
import { Delivery } from './delivery.ts'
import type { Entry, MessageStore } from './message-store.ts'
import type { DeliverContext, ResolvedRunOptions } from './run-options.ts'
import { SilenceWatch } from './silence-watch.ts'

/** What one look at the schedule found. */
interface Look {
  /** Deliveries that were begun. */
  readonly begun: number
  /** Entries that led elsewhere or nowhere, and were put right. */
  readonly righted: number
  /** Due messages that others are delivering, or were when they died. */
  readonly claimed: number
  /** The next time that something is due, as far as it was seen. */
  readonly nextMs: number
}

/** Looks for due messages and delivers them, several at once. */
export class ScheduleWorker<Message> {
  /** Deliveries that succeeded. */
  delivered = 0
  /** Deliveries that failed: their messages are tried again later. */
  failed = 0
  readonly #store: MessageStore<Message>
  readonly #clock: () => number
  readonly #options: ResolvedRunOptions<Message>
  readonly #owner = v4()
  readonly #watch: SilenceWatch
  readonly #underWay = new Map<string, Promise<void>>()
  /** What became of these could not be written: they wait for their leases, so that they are not delivered in a circle. */
  readonly #unsettled = new Set<string>()
  /** Aborted when deliveries must end at once. */
  readonly #halt = new AbortController()

  /** @param watch - of all runs of this process, so that a short one goes by what those before it saw. */
  constructor(
    store: MessageStore<Message>,
    watch: SilenceWatch,
    clock: () => number,
    options: ResolvedRunOptions<Message>,
  ) {
    this.#store = store
    this.#watch = watch
    this.#clock = clock
    this.#options = options
  }

  /** Delivers until `ending` aborts. @throws what is not the backend's passing trouble. */
  async run(ending: AbortSignal): Promise<void> {
    for (let troubles = 0; !ending.aborted;) {
      let waitMs = this.#options.pollMs
      try {
        const { begun, righted, nextMs } = await this.#look(ending)
        troubles = 0
        if (begun + righted > 0) continue
        // The clock may jump, and another process may add something earlier: never longer than a poll.
        waitMs = Math.max(1, Math.min(waitMs, nextMs - this.#clock()))
      } catch (error) {
        if (!isTransient(error)) throw error
        troubles++
        waitMs = backoffMs(troubles, 50, 5000)
        this.#options.onNotice({ kind: 'backend-error', error, retryInMs: waitMs })
      }
      await abortableDelay(waitMs, ending)
    }
  }

  /**
   * Delivers until nothing is due that can be delivered now. What others have claimed is waited for, until they
   * finish or their leases run out: a process that never lives that long would never take over from a dead one.
   */
  async runOnce(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      const before = this.delivered
      const { righted, claimed } = await this.#look(ending)
      await this.#idle()
      if (this.delivered > before || righted > 0) continue
      if (claimed === 0) return
      await abortableDelay(this.#options.pollMs, ending)
    }
  }

  /** Begins the delivery of everything that is due, as slots become free. */
  async #look(ending: AbortSignal): Promise<Look> {
    const look = { begun: 0, righted: 0, claimed: 0, own: 0, nextMs: Infinity }
    const { partitions } = this.#store.documents
    // Another start each time: several workers then meet less often at the same messages.
    const first = Math.floor(Math.random() * partitions)
    for (let index = 0; index < partitions && !ending.aborted; index++) {
      const partition = (first + index) % partitions
      const onLater = (tryAtMs: number): void => void (look.nextMs = Math.min(look.nextMs, tryAtMs))
      for await (const entry of this.#store.entries(partition, this.#clock(), onLater)) {
        while (this.#underWay.size >= this.#options.concurrency) await Promise.race(this.#underWay.values())
        if (ending.aborted) break
        look[await this.#begin(entry)]++
      }
    }
    return look
  }

  /** Waits for `looking` and what is under way; after `timeoutMs` that is told to end and no longer waited for. */
  async finish(timeoutMs: number, looking: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => this.#halt.abort(), timeoutMs)
    await looking
    await this.#idle()
    clearTimeout(timer)
  }

  async #idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values())
  }

  async #begin(entry: Entry): Promise<'begun' | 'righted' | 'claimed' | 'own'> {
    if (this.#underWay.has(entry.id)) return 'own'
    const found = await this.#store.read(entry.id)
    if (found?.value.status !== 'pending') {
      await this.#store.removeEntry(entry)
      return 'righted'
    }
    const { tryAtMs, owner, leaseMs } = found.value
    if (tryAtMs !== entry.tryAtMs) {
      await this.#store.writeEntry(entry.id, tryAtMs)
      await this.#store.removeEntry(entry)
      return 'righted'
    }
    // Our own name: a claim whose reply was lost.
    const isFree = owner === null || (owner === this.#owner && !this.#unsettled.has(entry.id))
    if (!isFree && !this.#watch.isSilent(entry.id, found.revision, leaseMs)) return 'claimed'
    const terms = { owner: this.#owner, leaseMs: this.#options.leaseMs }
    const delivery = await Delivery.claim(this.#store, entry, terms, found)
    this.#watch.forget(entry.id)
    this.#unsettled.delete(entry.id)
    if (delivery === undefined) return 'claimed'
    const underWay = this.#deliver(delivery).finally(() => this.#underWay.delete(entry.id))
    this.#underWay.set(entry.id, underWay)
    return 'begun'
  }

  /** Never rejects: what could not be written is seen again by the next look, here or elsewhere. */
  async #deliver(delivery: Delivery<Message>): Promise<void> {
    const { onNotice } = this.#options
    const { id } = delivery.entry
    try {
      await this.#attempt(delivery)
    } catch (error) {
      delivery.abandon()
      this.#unsettled.add(id)
      onNotice({ kind: 'backend-error', error, retryInMs: this.#options.leaseMs })
      return
    }
    if (delivery.signal.aborted) onNotice({ kind: 'lease-lost', id, error: delivery.signal.reason })
  }

  async #attempt(delivery: Delivery<Message>): Promise<void> {
    const { deliver, retry, keepMs, onNotice } = this.#options
    const { id } = delivery.entry
    const { attempts, dueAtMs, message } = delivery.message
    const halted = this.#untilHalted(delivery)
    const context: DeliverContext = { id, dueAtMs, attempt: attempts, signal: halted.signal }
    try {
      // Sound: a message is absent only once it is settled.
      await Promise.race([deliver(message as Message, context), halted.aborted])
    } catch (error) {
      if (delivery.signal.aborted) return
      if (this.#halt.signal.aborted) return delivery.abandon()
      this.failed++
      const retryInMs = backoffMs(attempts, retry.initialDelayMs, retry.maxDelayMs)
      // Not before its due time, should the clock have been set back meanwhile.
      const tryAtMs = Math.ceil(Math.max(dueAtMs, this.#clock() + retryInMs))
      onNotice({ kind: 'retry', id, attempt: attempts, error, retryInMs })
      return await delivery.fail(describeThrown(error), tryAtMs)
    } finally {
      halted.unlink()
    }
    this.delivered++
    await delivery.succeed(keepMs)
  }

  /** One signal for the loss of the claim and the end of the run. */
  #untilHalted(delivery: Delivery<Message>): {
    readonly signal: AbortSignal
    readonly aborted: Promise<never>
    unlink(): void
  } {
    const sources = [delivery.signal, this.#halt.signal]
    const controller = new AbortController()
    let reject = (_reason: unknown): void => undefined
    const aborted = new Promise<never>((_, onReject) => (reject = onReject))
    // A handler may have thrown before anybody waits for this.
    aborted.catch(() => undefined)
    const abort = (): void => {
      const { reason } = sources.find((source) => source.aborted) ?? delivery.signal
      controller.abort(reason)
      reject(reason)
    }
    for (const source of sources) source.addEventListener('abort', abort)
    const unlink = (): void => sources.forEach((source) => source.removeEventListener('abort', abort))
    return { signal: controller.signal, aborted, unlink }
  }
}
