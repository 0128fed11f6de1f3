import { EventStoreError } from '../error.ts'
import type { FeedSlice } from '../event-store.ts'
import type { RecordedEvent } from '../event.ts'
import { parsePosition, type Position } from '../position.ts'
import type { Parked, ParkRequest } from './checkpoint.ts'
import { backoffMs } from './delay.ts'
import { EffectBuffer } from './effect-buffer.ts'
import { callHandlers, type Delivery, toDelivery } from './handler-call.ts'
import { LinkedSignal } from '../linked-signal.ts'
import { ParkedStreams } from './parked-streams.ts'
import { replayParked } from './replay.ts'
import { FeedSource, type RunContext, type RunEnd } from './run.ts'

/** At most this long is a handled event not yet checkpointed while others keep coming. */
const CHECKPOINT_EVERY_MS = 100

interface Slot {
  readonly position: () => Position
  readonly delivery: Delivery | undefined
  done: boolean
  attempt: number
}

type Task =
  | { readonly slot: Slot; readonly delivery: Delivery }
  | { readonly replay: ParkRequest; readonly streamId: string; readonly bound: number }

/**
 * Handles a partition through a window of events that are fetched and not yet checkpointed: those of one
 * stream in order, those of different streams side by side. The checkpoint follows the window's finished
 * head, so one slow or failing stream holds it back but not the others.
 *
 * With atomic effects the window is one slice, finished and committed as a whole: an effect must not be
 * written before the checkpoint that covers it.
 */
export class WindowRun {
  readonly #context: RunContext
  readonly #feed: FeedSource
  readonly #parked: ParkedStreams
  readonly #effects: EffectBuffer | undefined
  #window: Slot[] = []
  readonly #queues = new Map<string, Task[]>()
  readonly #ready: string[] = []
  readonly #replaying = new Set<string>()
  /** Up to here events are queued or passed over: the feed itself may be a moment ahead. */
  #queuedUpTo: Position
  readonly #retries = new Set<NodeJS.Timeout>()
  #active = 0
  #dirty = false
  /** Until the checkpoint tells of a park, nobody is told that its event is passed. */
  #parks = 0
  #parksSaved = 0
  #committing = false
  #commitTimer: NodeJS.Timeout | undefined
  /** How many slots at the head of the window are known to be done. */
  #finished = 0
  #failure: { readonly error: unknown } | undefined
  readonly #halted = new AbortController()
  readonly #stopWaiting: LinkedSignal
  #wake: () => void = () => undefined

  constructor(context: RunContext) {
    this.#context = context
    this.#feed = new FeedSource(context)
    this.#queuedUpTo = this.#feed.after
    this.#parked = new ParkedStreams(context)
    this.#stopWaiting = new LinkedSignal([context.giveUp, this.#halted.signal])
    this.#effects =
      context.options.effects === 'exactly-once' && context.documents !== undefined
        ? new EffectBuffer(context.documents)
        : undefined
    context.lease.onRequest = (parked) => this.#request(parked)
    for (const parked of context.lease.parked) this.#request(parked)
  }

  /** @throws the lost lease, the failure that a policy does not cover, or `REVISION_CONFLICT` of effects: run anew. */
  async run(): Promise<RunEnd> {
    const onAbort = (): void => this.#wake()
    const { ending, lease, handlerSignal } = this.#context
    const signals = [ending, lease.signal, handlerSignal]
    for (const signal of signals) signal.addEventListener('abort', onAbort)
    let end: RunEnd = 'ending'
    try {
      end = await this.#fetchAll()
    } catch (error) {
      this.#fail(error)
    }
    await this.#finish()
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
    for (const timer of this.#retries) clearTimeout(timer)
    clearTimeout(this.#commitTimer)
    this.#stopWaiting.unlink()
    lease.onRequest = () => undefined
    if (this.#failure !== undefined) throw this.#failure.error
    return end
  }

  async #fetchAll(): Promise<RunEnd> {
    const { ending, untilEnd, options, sliceEvents } = this.#context
    for (;;) {
      // With atomic effects the next slice starts when this one is committed, whole.
      const room = this.#effects === undefined ? Math.floor(options.maxInFlightEvents / 2) : 0
      await this.#until(() => this.#window.length <= room && (this.#effects === undefined || this.#isIdle()))
      if (ending.aborted) return 'ending'
      const limit =
        this.#effects === undefined ? options.maxInFlightEvents - this.#window.length : sliceEvents
      const slice = await this.#feed.next(Math.min(limit, 1000))
      if (slice !== undefined && slice !== 'at-end') {
        this.#enqueue(slice)
        continue
      }
      if (ending.aborted) return 'ending'
      if (untilEnd) {
        // Atomic effects are not there before their commit. Otherwise the last checkpoint is written on the way out,
        // at once: those who run in a function pay for waiting.
        const isDone = (): boolean => (this.#effects === undefined ? this.#isDrained() : this.#isIdle())
        await this.#until(() => ending.aborted || isDone())
        return ending.aborted ? 'ending' : 'caught-up'
      }
      await this.#feed.wait(this.#stopWaiting.signal)
      if (this.#failure !== undefined) throw this.#failure.error
    }
  }

  #enqueue(slice: FeedSlice): void {
    for (const event of slice.events) {
      const delivery = toDelivery(event, this.#context)
      if (delivery === undefined) continue
      const slot: Slot = { position: () => event.position, delivery, done: false, attempt: 1 }
      this.#window.push(slot)
      this.#queue(event.streamId, { slot, delivery })
    }
    // Stands for all that no handler wants, and for removed events, behind the last wanted one.
    this.#window.push({ position: () => slice.next, delivery: undefined, done: true, attempt: 0 })
    this.#queuedUpTo = slice.next
    this.#pump()
    this.#advanced()
  }

  #queue(streamId: string, task: Task): void {
    const queue = this.#queues.get(streamId)
    if (queue !== undefined) {
      queue.push(task)
      return
    }
    this.#queues.set(streamId, [task])
    this.#ready.push(streamId)
  }

  #pump(): void {
    const { options, ending } = this.#context
    while (this.#active < options.concurrency && this.#failure === undefined) {
      // What is queued but not begun stays for the next owner, unless effects must be whole.
      if (ending.aborted && this.#effects === undefined) return
      // A commit ends by emptying the buffer: what a replay put into it meanwhile would go unwritten.
      if (this.#committing && this.#effects !== undefined) return
      const streamId = this.#ready.shift()
      if (streamId === undefined) return
      this.#active++
      void this.#runHead(streamId)
    }
  }

  /** Runs the first task of a stream; nothing else of that stream runs meanwhile. */
  async #runHead(streamId: string): Promise<void> {
    const queue = this.#queues.get(streamId)
    const task = queue?.[0]
    let again = true
    try {
      if (task === undefined) again = false
      else if ('replay' in task) await this.#replay(task.replay, task.streamId, task.bound)
      else again = await this.#handle(task.slot, task.delivery)
    } catch (error) {
      this.#fail(error)
      again = false
    }
    this.#active--
    if (again && queue !== undefined) this.#next(streamId, queue)
    this.#pump()
    this.#advanced()
  }

  #next(streamId: string, queue: Task[]): void {
    queue.shift()
    if (queue.length === 0) this.#queues.delete(streamId)
    else this.#ready.push(streamId)
  }

  /** @returns whether the event is done with; else its stream waits for the next try. */
  async #handle(slot: Slot, delivery: Delivery): Promise<boolean> {
    const { options, partition, progress } = this.#context
    const { event } = delivery
    if (!this.#parked.has(event.streamId)) {
      const failed = await callHandlers(delivery, slot.attempt, this.#context, this.#effects)
      if (failed === undefined) {
        progress.handled(1)
      } else if (slot.attempt < options.attempts) {
        options.notify({ kind: 'retry', partition, event, attempt: slot.attempt, error: failed.error })
        this.#retryLater(slot, event)
        return false
      } else {
        this.#parked.decide(event, slot.attempt, failed.error)
        this.#dirty = true
        this.#parks++
      }
    }
    slot.done = true
    return true
  }

  #retryLater(slot: Slot, event: RecordedEvent): void {
    const { initialDelayMs, maxDelayMs } = this.#context.options
    const timer = setTimeout(
      () => {
        this.#retries.delete(timer)
        this.#ready.push(event.streamId)
        this.#pump()
        this.#wake()
      },
      backoffMs(slot.attempt, initialDelayMs, maxDelayMs),
    )
    slot.attempt++
    this.#retries.add(timer)
  }

  #request({ streamId, request }: Parked): void {
    if (request === undefined || this.#replaying.has(streamId)) return
    this.#replaying.add(streamId)
    // What was queued before now was passed over; what comes after is queued behind this and handled live.
    const bound = parsePosition(this.#queuedUpTo).sequence
    this.#queue(streamId, { replay: request, streamId, bound })
    queueMicrotask(() => this.#pump())
  }

  async #replay(request: ParkRequest, streamId: string, bound: number): Promise<void> {
    const { options, sliceEvents } = this.#context
    const events = this.#effects === undefined ? Math.ceil(options.maxInFlightEvents / 2) : sliceEvents
    await replayParked(this.#context, this.#parked, this.#effects, request, streamId, {
      sequence: bound,
      events,
    })
    this.#replaying.delete(streamId)
    this.#dirty = true
    if (this.#effects === undefined) void this.#commit()
  }

  /** Something finished: move the checkpoint when it is due. */
  #advanced(): void {
    if (this.#effects === undefined) {
      const done = this.#countFinished()
      const last = this.#window[done - 1]
      const isSaved = this.#parks === this.#parksSaved
      if (last !== undefined && isSaved) this.#context.progress.reached(last.position)
      if (!isSaved || done >= this.#context.options.maxInFlightEvents / 2) void this.#commit()
      else if (done > 0 || this.#dirty)
        this.#commitTimer ??= setTimeout(() => void this.#commit(), CHECKPOINT_EVERY_MS)
    } else if (this.#isDrained() && (this.#window.length > 0 || this.#dirty)) {
      void this.#commit()
    }
    this.#wake()
  }

  async #commit(): Promise<void> {
    clearTimeout(this.#commitTimer)
    this.#commitTimer = undefined
    if (this.#committing) return
    this.#committing = true
    const done = this.#countFinished()
    const last = this.#window[done - 1]
    this.#dirty = false
    const parks = this.#parks
    try {
      const change = {
        parked: this.#parked.list(),
        ...(last === undefined ? {} : { position: last.position() }),
      }
      await this.#context.lease.commit(change, this.#effects?.writes())
      this.#effects?.clear()
      this.#window = this.#window.slice(done)
      this.#finished -= done
      this.#parksSaved = parks
      if (last !== undefined) this.#context.progress.reached(last.position)
    } catch (error) {
      this.#fail(error)
    }
    this.#committing = false
    this.#pump()
    this.#wake()
    if (this.#failure === undefined) this.#advanced()
  }

  /** Lets running handlers finish and writes the last checkpoint, also when something failed. */
  async #finish(): Promise<void> {
    const { handlerSignal, lease } = this.#context
    const whole = this.#effects !== undefined && this.#failure === undefined
    await this.#changes(
      () =>
        handlerSignal.aborted ||
        !lease.holds() ||
        (whole && this.#failure === undefined ? this.#isIdle() : this.#active === 0),
    )
    await this.#changes(() => !this.#committing)
    if (this.#effects === undefined && lease.holds() && (this.#countFinished() > 0 || this.#dirty))
      await this.#commit()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#halted.abort()
    this.#wake()
  }

  /** Slots at the head of the window that are done, in a row. */
  #countFinished(): number {
    while (this.#window[this.#finished]?.done === true) this.#finished++
    return this.#finished
  }

  #isDrained(): boolean {
    return this.#active === 0 && this.#queues.size === 0
  }

  #isIdle(): boolean {
    return this.#isDrained() && this.#window.length === 0 && !this.#dirty && !this.#committing
  }

  async #until(condition: () => boolean): Promise<void> {
    const { ending, lease, handlerSignal } = this.#context
    const ends = (): boolean => handlerSignal.aborted || (ending.aborted && this.#effects === undefined)
    await this.#changes(() => this.#failure !== undefined || !lease.holds() || condition() || ends())
    if (this.#failure !== undefined) throw this.#failure.error
    if (!lease.holds()) throw lease.signal.reason
  }

  /** Resolves when `condition` holds, looked at whenever something changed. */
  async #changes(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve))
  }
}

/** Effects clashed with a writer outside the group: what was not committed is handled again. */
export function isEffectConflict(error: unknown): boolean {
  return EventStoreError.is(error, 'REVISION_CONFLICT')
}
