import type { Commit, CommitOutcome } from './adapter.ts'
import type { Capabilities } from './capabilities.ts'
import { EventStoreError } from './error.ts'

/** What a lane sends a batch with. */
export type SendBatch = (
  commits: readonly Commit[],
  lockTimeoutMs: number,
) => Promise<readonly CommitOutcome[]>

interface Waiting {
  readonly commit: Commit
  readonly events: number
  readonly queuedAtMs: number
  readonly lockTimeoutMs: number
  readonly resolve: (outcome: CommitOutcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * Groups concurrent commits into the batches that the adapter takes: one lane for the whole store, or one
 * a partition. First come, first served; what waits while a batch is under way goes with the next one, so
 * there is no timer and no delay for a lone commit.
 */
export class Lanes {
  readonly #capabilities: Capabilities
  readonly #send: SendBatch
  readonly #lanes = new Map<number, Lane>()

  constructor(capabilities: Capabilities, send: SendBatch) {
    this.#capabilities = capabilities
    this.#send = send
  }

  /** Resolves with the verdict on this commit; rejects when its whole batch failed. */
  submit(commit: Commit, lockTimeoutMs: number, signal: AbortSignal | undefined): Promise<CommitOutcome> {
    // A commit over several partitions exists only where a batch may hold several: on the one lane.
    const key = this.#capabilities.batchScope === 'store' ? 0 : (commit.appends[0]?.partition ?? 0)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = new Lane(this.#capabilities, this.#send)
      this.#lanes.set(key, lane)
    }
    return lane.submit(commit, lockTimeoutMs, signal)
  }

  /** Resolves when nothing waits and nothing is under way. */
  async drain(): Promise<void> {
    await Promise.all(Array.from(this.#lanes.values(), (lane) => lane.drain()))
  }
}

class Lane {
  readonly #capabilities: Capabilities
  readonly #send: SendBatch
  #waiting: Waiting[] = []
  #underWay = 0
  #scheduled = false
  /** Streams of batches under way: a later commit of one waits, so that call order is commit order. */
  readonly #busy = new Map<string, number>()
  readonly #drained: (() => void)[] = []

  constructor(capabilities: Capabilities, send: SendBatch) {
    this.#capabilities = capabilities
    this.#send = send
  }

  submit(commit: Commit, lockTimeoutMs: number, signal: AbortSignal | undefined): Promise<CommitOutcome> {
    const events = commit.appends.reduce((sum, append) => sum + append.events.length, 0)
    let onAbort: (() => void) | undefined
    const verdict = new Promise<CommitOutcome>((resolve, reject) => {
      const waiting = { commit, events, queuedAtMs: performance.now(), lockTimeoutMs, resolve, reject }
      this.#waiting.push(waiting)
      if (signal !== undefined) {
        onAbort = () => this.#abort(waiting, signal)
        signal.addEventListener('abort', onAbort, { once: true })
      }
      this.#schedule()
    })
    if (onAbort === undefined) return verdict
    const listener = onAbort
    return verdict.finally(() => signal?.removeEventListener('abort', listener))
  }

  #abort(waiting: Waiting, signal: AbortSignal): void {
    const index = this.#waiting.indexOf(waiting)
    if (index >= 0) {
      this.#waiting.splice(index, 1)
      waiting.reject(abortedUnsent(signal))
      this.#settleDrain()
    } else {
      waiting.reject(
        new EventStoreError('ABORTED', 'the call was aborted while its commit was under way', {
          outcome: 'unknown',
          cause: signal.reason,
        }),
      )
    }
  }

  async drain(): Promise<void> {
    if (this.#waiting.length === 0 && this.#underWay === 0) return
    await new Promise<void>((resolve) => this.#drained.push(resolve))
  }

  /** A microtask gathers what one turn of the event loop submits. */
  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#underWay >= this.#capabilities.batchesInFlight)
      return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      while (this.#underWay < this.#capabilities.batchesInFlight && this.#flush());
    })
  }

  /** Sends one batch. Returns `false` when nothing can be sent now. */
  #flush(): boolean {
    const batch = this.#takeBatch()
    if (batch.length === 0) {
      this.#settleDrain()
      return false
    }
    this.#underWay++
    for (const waiting of batch) this.#mark(waiting.commit, 1)
    const nowMs = performance.now()
    // The one that has waited longest decides, so that nobody waits longer for others than it asked for.
    let lockTimeoutMs = Infinity
    for (const waiting of batch) {
      const leftMs = waiting.lockTimeoutMs - (nowMs - waiting.queuedAtMs)
      // A queue that is long for want of speed must not turn every passing lock into BUSY.
      lockTimeoutMs = Math.min(lockTimeoutMs, Math.max(leftMs, waiting.lockTimeoutMs / 20))
    }
    void this.#sendBatch(batch, Math.max(1, Math.ceil(lockTimeoutMs)))
    return true
  }

  async #sendBatch(batch: readonly Waiting[], lockTimeoutMs: number): Promise<void> {
    try {
      const outcomes = await this.#send(
        batch.map((waiting) => waiting.commit),
        lockTimeoutMs,
      )
      batch.forEach((waiting, index) => {
        const outcome = outcomes[index]
        if (outcome === undefined) waiting.reject(missingOutcome())
        else waiting.resolve(outcome)
      })
    } catch (error) {
      for (const waiting of batch) waiting.reject(error)
    }
    this.#underWay--
    for (const waiting of batch) this.#mark(waiting.commit, -1)
    this.#schedule()
    this.#settleDrain()
  }

  #takeBatch(): readonly Waiting[] {
    const { maxCommitsPerBatch, maxEventsPerBatch } = this.#capabilities
    const batch: Waiting[] = []
    const left: Waiting[] = []
    const heldBack = new Set<string>()
    let events = 0
    let full = false
    let index = 0
    for (; index < this.#waiting.length && !full; index++) {
      const waiting = this.#waiting[index] as Waiting
      if (waiting.commit.appends.some(({ streamId }) => this.#busy.has(streamId) || heldBack.has(streamId))) {
        for (const { streamId } of waiting.commit.appends) heldBack.add(streamId)
        left.push(waiting)
      } else if (batch.length > 0 && events + waiting.events > maxEventsPerBatch) {
        left.push(waiting)
        full = true
      } else {
        batch.push(waiting)
        events += waiting.events
        full = batch.length >= maxCommitsPerBatch
      }
    }
    this.#waiting = index === this.#waiting.length ? left : left.concat(this.#waiting.slice(index))
    return batch
  }

  #mark(commit: Commit, change: 1 | -1): void {
    // With one batch at a time nothing can overtake.
    if (this.#capabilities.batchesInFlight === 1) return
    for (const { streamId } of commit.appends) {
      const count = (this.#busy.get(streamId) ?? 0) + change
      if (count === 0) this.#busy.delete(streamId)
      else this.#busy.set(streamId, count)
    }
  }

  #settleDrain(): void {
    if (this.#waiting.length > 0 || this.#underWay > 0) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}

function missingOutcome(): EventStoreError<'BACKEND_FAILED'> {
  return new EventStoreError('BACKEND_FAILED', 'the adapter returned no outcome for a commit', {
    outcome: 'unknown',
  })
}

function abortedUnsent(signal: AbortSignal): EventStoreError<'ABORTED'> {
  return new EventStoreError('ABORTED', 'the call was aborted before anything was sent', {
    cause: signal.reason,
  })
}
