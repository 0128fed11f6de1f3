import { setMaxListeners } from 'node:events'
import type { CompetingAdapter, CompetingDelivery, CompetingMemberAdapter } from '../competing-adapter.ts'
import { EventStoreError } from '../error.ts'
import type { RecordedEvent } from '../event.ts'
import { LinkedSignal } from '../linked-signal.ts'
import { asDelivered } from '../published.ts'
import { parsePosition, type Position } from '../position.ts'
import { recordedEvents } from '../recorded-event.ts'
import { isTransient } from './checkpoint.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { abortableDelay, backoffMs, unlessAborted } from './delay.ts'
import { describeError } from './describe-error.ts'
import { type ConsumerBackend, type RunEnd, stoppedBy } from './run.ts'
import { startPosition } from './start-position.ts'
import { REFUSING_DOCUMENTS } from './handler-call.ts'

/** Events taken for each that is handled, so that handlers need not wait for the next round trip. */
const WINDOW_FACTOR = 2

export interface CompetingTerms {
  readonly backend: ConsumerBackend
  readonly competing: CompetingAdapter
  readonly options: ConsumerOptions
  readonly partition: number
  readonly member: string
  /** Finish what is in hand and end. */
  readonly stopping: AbortSignal
  /** Nobody waits for handlers any more. */
  readonly abandoned: AbortSignal
  /** End when there is nothing to take. */
  readonly untilEnd: boolean
  readonly handled: () => void
}

interface Item {
  readonly event: RecordedEvent
  readonly sequence: number
  /** What the handler sees: aborted when another member has the event, or nobody waits any more. */
  readonly control: AbortController
  tries: number
  running: boolean
}

/** One member of a group without order at one partition: takes events, handles them side by side, says when they are done. */
export class CompetingRun {
  readonly #terms: CompetingTerms
  readonly #halted = new AbortController()
  readonly #ending: LinkedSignal
  readonly #window: number
  readonly #inHand = new Map<number, Item>()
  readonly #ready: Item[] = []
  #finished: number[] = []
  #finishing = false
  #active = 0
  #failure: { readonly error: unknown } | undefined
  #wake = (): void => undefined

  constructor(terms: CompetingTerms) {
    this.#terms = terms
    const { concurrency, maxInFlightEvents } = terms.options
    this.#window = Math.min(maxInFlightEvents, concurrency * WINDOW_FACTOR)
    this.#ending = new LinkedSignal([terms.stopping, this.#halted.signal])
    // As many as there are events in hand, each of which takes its own away again.
    setMaxListeners(0, this.#ending.signal, terms.abandoned, terms.stopping)
  }

  /** @throws what neither passes by itself nor is covered by the policy. */
  async run(): Promise<RunEnd> {
    const { options, abandoned } = this.#terms
    const abandon = (): void => {
      for (const { control } of this.#inHand.values()) control.abort(abandonedHandler())
      this.#wake()
    }
    abandoned.addEventListener('abort', abandon)
    try {
      const member = await this.#throughOutages(() => this.#join(), this.#ending.signal)
      if (member === undefined) return 'ending'
      const heartbeat = setInterval(() => void this.#extendAll(member), options.leaseMs / 3)
      try {
        return await this.#takeAll(member)
      } finally {
        clearInterval(heartbeat)
        await this.#leave(member)
      }
    } finally {
      abandoned.removeEventListener('abort', abandon)
      this.#ending.unlink()
    }
  }

  async #join(): Promise<CompetingMemberAdapter> {
    const { backend, competing, options, partition, member } = this.#terms
    const { group, startFrom, leaseMs } = options
    let after: number | 'end' = 'end'
    // Of a group that is there already, where it was begun has no say any more.
    if (startFrom !== 'end' && (await competing.doState({ group, partition })) === undefined) {
      const start = await startPosition(backend, options, partition)
      if (startFrom !== 'start') await this.#checkStart(start)
      after = parsePosition(start).sequence
    }
    return competing.doJoin({ group, partition, member, after, idleMs: leaseMs })
  }

  /** @throws {@link EventStoreError} `FEED_DIVERGED`, `POSITION_EXPIRED`: a token that this log cannot begin behind. */
  async #checkStart(after: Position): Promise<void> {
    const { backend, partition } = this.#terms
    for await (const _ of backend.store.feed({ partition, after, limit: 1, pageSize: 1 }).slices()) return
  }

  async #takeAll(member: CompetingMemberAdapter): Promise<RunEnd> {
    const { options, untilEnd, abandoned } = this.#terms
    const signal = this.#ending.signal
    const waitMs = untilEnd ? 0 : options.pollMs.max
    let end: RunEnd = 'ending'
    while (!signal.aborted) {
      const limit = this.#window - this.#inHand.size
      if (limit <= 0) {
        await this.#changes(() => signal.aborted || this.#inHand.size < this.#window)
        continue
      }
      const taken = await this.#take(member, limit, waitMs)
      if (taken === undefined) break
      for (const delivery of taken) this.#accept(delivery, member)
      if (untilEnd && taken.length === 0) {
        if (this.#inHand.size === 0) {
          end = 'caught-up'
          break
        }
        const before = this.#inHand.size
        await this.#changes(() => signal.aborted || this.#inHand.size < before)
      }
    }
    await this.#changes(() => abandoned.aborted || (this.#active === 0 && !this.#finishing))
    if (this.#failure !== undefined) throw this.#failure.error
    return end
  }

  async #take(
    member: CompetingMemberAdapter,
    limit: number,
    waitMs: number,
  ): Promise<readonly CompetingDelivery[] | undefined> {
    const { signal } = this.#ending
    try {
      return await this.#throughOutages(() => member.doTake({ limit, waitMs, signal }), signal)
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  #accept({ event: stored, tries }: CompetingDelivery, member: CompetingMemberAdapter): void {
    const [event] = recordedEvents([stored], this.#terms.backend.store.incarnation)
    // One that was taken from this member and came back is in hand still.
    if (event === undefined || this.#inHand.has(stored.sequence)) return
    const control = new AbortController()
    const item = { event: asDelivered(event), sequence: stored.sequence, control, tries, running: false }
    this.#inHand.set(item.sequence, item)
    this.#ready.push(item)
    this.#pump(member)
  }

  #pump(member: CompetingMemberAdapter): void {
    while (this.#active < this.#terms.options.concurrency && !this.#ending.signal.aborted) {
      const item = this.#ready.shift()
      if (item === undefined) return
      this.#active++
      item.running = true
      void this.#try(item, member)
    }
  }

  async #try(item: Item, member: CompetingMemberAdapter): Promise<void> {
    try {
      const { attempts } = this.#terms.options
      if (item.tries > attempts) await this.#giveUp(item, member, attempts, endedConsumers(attempts))
      else {
        const failure = await this.#call(item)
        if (failure === undefined) this.#finish(item, member)
        else await this.#failed(item, member, failure.error)
      }
    } catch (error) {
      this.#fail(error)
    }
    item.running = false
    this.#active--
    this.#pump(member)
    this.#wake()
  }

  async #call({ event, tries, control }: Item): Promise<{ readonly error: unknown } | undefined> {
    const { options, partition } = this.#terms
    const { signal } = control
    const context = {
      group: options.group,
      partition,
      attempt: tries,
      signal,
      fencingToken: tries,
      documents: REFUSING_DOCUMENTS,
      transaction: undefined,
    }
    try {
      for (const handler of options.handlersOf(event))
        await unlessAborted(this.#terms.abandoned, handler(event, context))
      return undefined
    } catch (error) {
      return { error }
    }
  }

  async #failed(item: Item, member: CompetingMemberAdapter, error: unknown): Promise<void> {
    const { options, partition, abandoned } = this.#terms
    if (abandoned.aborted) return
    if (item.control.signal.aborted) {
      // Another member has it, and decides.
      this.#inHand.delete(item.sequence)
      return
    }
    if (item.tries >= options.attempts) return this.#giveUp(item, member, item.tries, error)
    options.notify({ kind: 'retry', partition, event: item.event, attempt: item.tries, error })
    void this.#again(item, member)
  }

  /** Waits without holding a place that another event could be handled in. */
  async #again(item: Item, member: CompetingMemberAdapter): Promise<void> {
    const { options, abandoned } = this.#terms
    const { signal } = this.#ending
    await abortableDelay(backoffMs(item.tries, options.initialDelayMs, options.maxDelayMs), signal)
    if (signal.aborted) return
    try {
      // Before the try, so that one that ends the process counts.
      const tries = item.tries + 1
      const one = [{ sequence: item.sequence, tries }]
      const lost = await this.#throughOutages(() => member.doExtend(one), abandoned)
      if (lost === undefined || signal.aborted) return
      item.tries = tries
      if (lost.length > 0) this.#lose(item)
      else this.#ready.push(item)
    } catch (error) {
      this.#fail(error)
    }
    this.#pump(member)
    this.#wake()
  }

  async #giveUp(item: Item, member: CompetingMemberAdapter, attempt: number, error: unknown): Promise<void> {
    const { options, partition, abandoned } = this.#terms
    const { onFailure, maxParkedStreams, notify } = options
    const { event, sequence } = item
    let reason = 'a handler failed'
    if (onFailure === 'park') {
      const failure = { sequence, tries: attempt, error: describeError(error) }
      const outcome = await this.#throughOutages(() => member.doPark(failure, maxParkedStreams), abandoned)
      if (outcome === undefined) return
      if (outcome === 'parked') notify({ kind: 'park', partition, event, attempt, error })
      if (outcome !== 'full') {
        this.#inHand.delete(sequence)
        return
      }
      reason = `${maxParkedStreams} events are parked, the most allowed`
    } else if (onFailure === 'skip') {
      notify({ kind: 'skip', partition, event, attempt, error })
      this.#finish(item, member)
      return
    }
    notify({ kind: 'stop', partition, event, attempt, error })
    // Whoever starts the group again has changed something: it is tried anew.
    item.tries = 0
    throw stoppedBy(event, error, reason)
  }

  /** Says so soon, together with what others finish meanwhile. */
  #finish(item: Item, member: CompetingMemberAdapter): void {
    this.#finished.push(item.sequence)
    if (this.#finishing) return
    this.#finishing = true
    void this.#finishAll(member)
  }

  async #finishAll(member: CompetingMemberAdapter): Promise<void> {
    const { abandoned, handled } = this.#terms
    try {
      while (this.#finished.length > 0) {
        const sequences = this.#finished
        this.#finished = []
        const done = await this.#throughOutages(async () => {
          await member.doFinish(sequences)
          return true
        }, abandoned)
        for (const sequence of sequences) {
          this.#inHand.delete(sequence)
          if (done === true) handled()
        }
        this.#wake()
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#finishing = false
    this.#wake()
  }

  async #extendAll(member: CompetingMemberAdapter): Promise<void> {
    const { options, partition } = this.#terms
    const items = [...this.#inHand.values()]
    if (items.length === 0) return
    try {
      const lost = await member.doExtend(items.map(({ sequence, tries }) => ({ sequence, tries })))
      for (const sequence of lost) {
        const item = this.#inHand.get(sequence)
        if (item !== undefined) this.#lose(item)
      }
    } catch (error) {
      // The next beat comes soon; without any, others may take the events, which each of them must bear anyway.
      options.notify({ kind: 'backend-error', partition, error, retryInMs: options.leaseMs / 3 })
    }
  }

  /** Another member has it now. */
  #lose(item: Item): void {
    // Its acknowledgement may be what made it nobody's.
    if (this.#finished.includes(item.sequence) || this.#finishing) return
    item.control.abort(
      new EventStoreError('LEASE_LOST', `event ${item.event.id} was handed to another consumer of the group`),
    )
    const waiting = this.#ready.indexOf(item)
    if (waiting >= 0) this.#ready.splice(waiting, 1)
    if (!item.running) this.#inHand.delete(item.sequence)
    this.#wake()
  }

  /** What was not finished goes to others at once. A failure costs them the wait until it counts as left alone. */
  async #leave(member: CompetingMemberAdapter): Promise<void> {
    const { options, partition } = this.#terms
    try {
      const left = [...this.#inHand.values()].filter(
        ({ running, control }) => !running && !control.signal.aborted,
      )
      // The try that it is waiting for was not begun.
      if (left.length > 0)
        await member.doRelease(
          left.map((item) => ({
            sequence: item.sequence,
            tries: this.#ready.includes(item) ? item.tries - 1 : item.tries,
          })),
        )
      await member.doLeave()
    } catch (error) {
      options.notify({ kind: 'backend-error', partition, error, retryInMs: 0 })
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#halted.abort()
    this.#wake()
  }

  /** Repeats `work` while its failure is one that passes. `undefined`: gave up. */
  async #throughOutages<Result>(
    work: () => Promise<Result>,
    giveUp: AbortSignal,
  ): Promise<Result | undefined> {
    const { options, partition } = this.#terms
    for (let attempt = 1; !giveUp.aborted; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (!isTransient(error)) throw error
        const retryInMs = Math.round(backoffMs(attempt, 20, 1000))
        options.notify({ kind: 'backend-error', partition, error, retryInMs })
        await abortableDelay(retryInMs, giveUp)
      }
    }
    return undefined
  }

  /** Resolves when `condition` holds, looked at whenever something changed. */
  async #changes(condition: () => boolean): Promise<void> {
    const wake = (): void => this.#wake()
    this.#ending.signal.addEventListener('abort', wake)
    try {
      while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve))
    } finally {
      this.#ending.signal.removeEventListener('abort', wake)
    }
  }
}

function endedConsumers(attempts: number): Error {
  return new Error(`its consumers ended or were too slow to say that they had it, ${attempts} times`)
}

function abandonedHandler(): EventStoreError<'ABORTED'> {
  return new EventStoreError('ABORTED', 'the consumer does not wait for its handlers any more')
}
