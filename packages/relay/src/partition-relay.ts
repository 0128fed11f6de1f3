import { abortableDelay, backoffMs, EventStoreError, isTransient, parseToken } from '@eventspine/core'
import type { EventStore, EventStream, FeedSlice, Position, RelaySession, Token } from '@eventspine/core'
import type { Ownership, OwnershipWatch } from './ownership.ts'
import type { CheckedOptions } from './relay-options.ts'
import { selectEvents } from './select-events.ts'

/** Fenced this often within an hour while the lease said otherwise, a relay gives up: a rival does not share its lease. */
const MAX_FENCED = 3
const FENCED_WITHIN_MS = 3_600_000
const MAX_WATCH_MS = 1000

export interface PartitionTerms {
  readonly source: EventStore
  readonly target: EventStream
  readonly options: CheckedOptions
  readonly partition: number
  /** Finish the write in hand and end. */
  readonly stopping: AbortSignal
  readonly progress: PartitionProgress
}

/** How far a partition is, for those who wait and count. */
export interface PartitionProgress {
  /** Everything up to here is in the target, or was passed over. */
  position: Position | undefined
  owned: boolean
  /** Tells of a new position. */
  moved(relayed: number): void
}

export type RelayEnd = 'stopped' | 'caught-up' | 'owned-elsewhere'

/** Waits for its turn, then moves one partition of the feed into the target until it is stopped or taken over. */
export class PartitionRelay {
  readonly #terms: PartitionTerms
  readonly #watch: OwnershipWatch
  #pollMs: number
  #fencedAtMs: readonly number[] = []

  constructor(terms: PartitionTerms, watch: OwnershipWatch) {
    this.#terms = terms
    this.#watch = watch
    this.#pollMs = terms.options.pollMs.min
  }

  /**
   * @param untilEnd - end at the end of the feed, and where another relay is at work.
   * @throws what does not pass by itself.
   */
  async run(untilEnd: boolean): Promise<RelayEnd> {
    const { stopping } = this.#terms
    for (;;) {
      const ownership = await this.#acquire(untilEnd)
      if (ownership === undefined) return stopping.aborted ? 'stopped' : 'owned-elsewhere'
      try {
        return await this.#own(ownership, untilEnd)
      } catch (error) {
        if (!(ownership.shared && EventStoreError.is(error, 'LEASE_LOST') && ownership.signal.aborted))
          throw error
      } finally {
        this.#terms.progress.owned = false
        await this.#quietly(() => ownership.release())
      }
    }
  }

  async #acquire(untilEnd: boolean): Promise<Ownership | undefined> {
    const { stopping, options, partition } = this.#terms
    let announced = false
    for (let attempt = 1; !stopping.aborted;) {
      try {
        const ownership = await this.#watch.tryAcquire()
        if (ownership !== undefined) return ownership
        if (!announced) options.notify({ kind: 'standby', partition })
        announced = true
        attempt = 1
        // One that was killed says nothing any more: only time tells it from one that is at work.
        if (untilEnd && this.#watch.sawLife) return undefined
        await abortableDelay(Math.min(options.leaseMs / 4, MAX_WATCH_MS), stopping)
      } catch (error) {
        await this.#passOrThrow(error, attempt++)
      }
    }
    return undefined
  }

  /** One session after another, while the partition is ours. */
  async #own(ownership: Ownership, untilEnd: boolean): Promise<RelayEnd> {
    const { stopping, options, partition, progress } = this.#terms
    for (let attempt = 1; !stopping.aborted; attempt++) {
      let session: RelaySession | undefined
      try {
        session = await this.#openSession()
        // A pause within the opening may have lasted longer than the lease: the session then fenced a successor.
        await ownership.renew()
        progress.position = session.position
        progress.owned = true
        options.notify({ kind: 'owned', partition, position: session.position })
        return await this.#pump(session, ownership, untilEnd, () => (attempt = 0))
      } catch (error) {
        if (ownership.signal.aborted) throw ownership.signal.reason
        if (EventStoreError.is(error, 'LEASE_LOST')) await this.#beFenced(ownership, error)
        else await this.#passOrThrow(error, attempt)
      } finally {
        const opened = session
        if (opened !== undefined) await this.#quietly(() => opened.close())
      }
    }
    return 'stopped'
  }

  #openSession(): Promise<RelaySession> {
    const { source, target, options, partition } = this.#terms
    const { incarnation, partitions } = source
    return target.openRelay({ relay: options.name, incarnation, partition, partitions })
  }

  /** @throws unless this relay may try again: the lease says that it is its turn. */
  async #beFenced(ownership: Ownership, error: unknown): Promise<void> {
    const { options, partition, stopping } = this.#terms
    options.notify({ kind: 'fenced', partition, error })
    const nowMs = performance.now()
    this.#fencedAtMs = [...this.#fencedAtMs.filter((atMs) => nowMs - atMs < FENCED_WITHIN_MS), nowMs]
    if (!ownership.shared || this.#fencedAtMs.length >= MAX_FENCED) throw error
    // The rival may have opened its session before it saw that its turn was over; it will not do so again.
    await this.#throughOutages(() => ownership.renew())
    await abortableDelay(Math.min(options.leaseMs / 4, MAX_WATCH_MS), stopping)
  }

  async #pump(
    session: RelaySession,
    ownership: Ownership,
    untilEnd: boolean,
    onProgress: () => void,
  ): Promise<RelayEnd> {
    const { source, options, partition, stopping } = this.#terms
    const { batchEvents, pollMs, positionMs } = options
    const writer = new SliceWriter(this.#terms, session)
    let after = session.position ?? (await this.#start(session))
    for (let attempt = 1; ;) {
      try {
        for await (const slice of source.feed({ partition, after, pageSize: batchEvents }).slices()) {
          if (stopping.aborted) break
          if (ownership.signal.aborted) throw ownership.signal.reason
          attempt = 1
          if (slice.next === after) continue
          await writer.write(slice)
          this.#pollMs = pollMs.min
          after = slice.next
          onProgress()
        }
        if (stopping.aborted || untilEnd) {
          await writer.flush()
          return stopping.aborted ? 'stopped' : 'caught-up'
        }
        await this.#wait(after ?? '', ownership, writer.dueInMs(positionMs))
        if (writer.dueInMs(positionMs) === 0) await writer.flush()
      } catch (error) {
        // A session that failed is of no use; a source that cannot be read may be asked again.
        if (writer.failed || ownership.signal.aborted) throw error
        await this.#passOrThrow(error, attempt++)
      }
    }
  }

  /** Where a relay begins that has written nothing. */
  async #start(session: RelaySession): Promise<Position | undefined> {
    const { source, options, partition } = this.#terms
    const { startFrom } = options
    if (startFrom === 'start') return undefined
    const position = startFrom === 'end' ? await source.feedHead(partition) : positionIn(startFrom, partition)
    // Written down at once: after a restart the end would lie elsewhere.
    if (position !== undefined) await session.write([], position)
    return position
  }

  /** Woken by writers where the source can, else by polls that back off while nothing comes. */
  async #wait(after: Position, ownership: Ownership, dueInMs: number): Promise<void> {
    const { source, options, partition, stopping } = this.#terms
    const { max } = options.pollMs
    const idleMs = source.capabilities.feedWake === 'push' ? max : this.#pollMs
    this.#pollMs = Math.min(this.#pollMs * 2, max)
    const ending = new AbortController()
    const end = (): void => ending.abort()
    for (const signal of [stopping, ownership.signal]) {
      if (signal.aborted) end()
      signal.addEventListener('abort', end)
    }
    try {
      const timeoutMs = Math.ceil(Math.min(idleMs, dueInMs))
      await source.waitForFeed({ partition, after, timeoutMs, signal: ending.signal })
    } finally {
      for (const signal of [stopping, ownership.signal]) signal.removeEventListener('abort', end)
    }
  }

  async #throughOutages(work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; !this.#terms.stopping.aborted; attempt++) {
      try {
        return await work()
      } catch (error) {
        await this.#passOrThrow(error, attempt)
      }
    }
  }

  /** Waits after a failure that passes. @throws any other. */
  async #passOrThrow(error: unknown, attempt: number): Promise<void> {
    if (!isTransient(error)) throw error
    const { options, partition, stopping } = this.#terms
    const retryInMs = Math.round(backoffMs(attempt, 20, 1000))
    options.notify({ kind: 'backend-error', partition, error, retryInMs })
    await abortableDelay(retryInMs, stopping)
  }

  /** What is given back: a failure costs a successor some waiting, and nothing else. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { options, partition } = this.#terms
      options.notify({ kind: 'backend-error', partition, error, retryInMs: 0 })
    }
  }
}

/** Writes slices of one session, and from time to time the place of those of which nothing goes on. */
class SliceWriter {
  readonly #terms: PartitionTerms
  readonly #session: RelaySession
  #unwritten: Position | undefined
  #writtenAtMs = performance.now()
  #failed = false

  constructor(terms: PartitionTerms, session: RelaySession) {
    this.#terms = terms
    this.#session = session
  }

  get failed(): boolean {
    return this.#failed
  }

  /** Milliseconds until a place that was not written down should be; `Infinity` when there is none. */
  dueInMs(positionMs: number): number {
    if (this.#unwritten === undefined) return Infinity
    return Math.max(0, this.#writtenAtMs + positionMs - performance.now())
  }

  async write(slice: FeedSlice): Promise<void> {
    const { options, progress } = this.#terms
    const events = selectEvents(slice.events, options)
    this.#unwritten = slice.next
    if (events.length > 0 || this.dueInMs(options.positionMs) === 0) await this.#write(events, slice.next)
    progress.position = slice.next
    progress.moved(events.length)
  }

  async flush(): Promise<void> {
    if (this.#unwritten !== undefined) await this.#write([], this.#unwritten)
  }

  async #write(events: ReturnType<typeof selectEvents>, position: Position): Promise<void> {
    try {
      await this.#session.write(events, position)
    } catch (error) {
      this.#failed = true
      throw error
    }
    this.#unwritten = undefined
    this.#writtenAtMs = performance.now()
  }
}

function positionIn(token: Token, partition: number): Position | undefined {
  const positions = token === '' ? [] : token.split(',')
  return positions[parseToken(token).findIndex((position) => position.partition === partition)]
}
