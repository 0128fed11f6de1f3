import {
  abortableDelay,
  backoffMs,
  type Document,
  type DocumentCollection,
  type DocumentStore,
  EventStoreError,
  isTransient,
} from '@eventspine/core'
import type { ProjectedContract, ProjectedEvent } from '../projection.ts'
import type { Dispatcher, Outcome } from './dispatcher.ts'
import type { ProcessManager } from './process-manager.ts'
import type { ProcessCommand, Receivers, Timeout } from './reaction.ts'
import {
  hasTaken,
  type Output,
  reacting,
  type Recording,
  type StoredProcess,
  taking,
  takingTimeout,
  unbegun,
} from './stored-process.ts'

/** What reaches a process from outside. */
export type Arrival<Contract extends ProjectedContract> =
  | { readonly kind: 'event'; readonly event: ProjectedEvent<Contract> }
  | { readonly kind: 'timeout'; readonly id: string; readonly timeout: Timeout }

export interface EngineOptions {
  readonly clock: () => number
  /** Told when something passing is in the way: it is tried again. */
  readonly onRetry: (key: string, error: unknown, retryInMs: number) => void
}

/** Tries of one command against other writers of its stream before the error surfaces. */
const MAX_MOVES = 200

/** Where the processes of a manager are kept. */
export function processesOf<State, To extends Receivers>(
  documents: DocumentStore,
  name: string,
): DocumentCollection<StoredProcess<State, To>> {
  return documents.collection(`process:${name}`, { listed: documents.capabilities.listing !== 'none' })
}

/**
 * Gives processes their inputs, each once, and carries out what they decide, in order, until nothing is left to
 * do. All of it may be called again at any point: an input that was taken in is passed over, and what it left
 * to do is done.
 */
export class ProcessEngine<State, Contract extends ProjectedContract, To extends Receivers> {
  readonly #manager: ProcessManager<State, Contract, To>
  readonly #processes: DocumentCollection<StoredProcess<State, To>>
  readonly #dispatcher: Dispatcher<To>
  readonly #options: EngineOptions
  /** What is under way for each key: without it, inputs of one process would only get in each other's way. */
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(
    documents: DocumentStore,
    manager: ProcessManager<State, Contract, To>,
    dispatcher: Dispatcher<To>,
    options: EngineOptions,
  ) {
    this.#manager = manager
    this.#processes = processesOf(documents, manager.name)
    this.#dispatcher = dispatcher
    this.#options = options
  }

  /** Resolves when the process has taken the input in and nothing is left to do. */
  async take(key: string, arrival: Arrival<Contract>, signal: AbortSignal): Promise<void> {
    const before = this.#underWay.get(key) ?? Promise.resolve()
    // The failure of what was before is its own caller's concern.
    const own = before.catch(() => undefined).then(() => this.#takeUntilDone(key, arrival, signal))
    this.#underWay.set(key, own)
    try {
      await own
    } finally {
      if (this.#underWay.get(key) === own) this.#underWay.delete(key)
    }
  }

  async #takeUntilDone(key: string, arrival: Arrival<Contract>, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      try {
        return await this.#takeOnce(key, arrival, signal)
      } catch (error) {
        // Another process of this service was faster: what it left is what counts.
        const isRace =
          EventStoreError.is(error, 'REVISION_CONFLICT') && error.collection === this.#processes.name
        if (!isRace && !isTransient(error)) throw error
        const retryInMs = isRace ? backoffMs(attempt, 1, 100) : backoffMs(attempt, 50, 5000)
        if (!isRace) this.#options.onRetry(key, error, retryInMs)
        await abortableDelay(retryInMs, signal)
      }
    }
  }

  async #takeOnce(key: string, arrival: Arrival<Contract>, signal: AbortSignal): Promise<void> {
    const found = await this.#processes.get(key)
    const accepted = this.#accept(key, found?.value, arrival)
    if (accepted === undefined) return
    const work = new UnitOfWork(this.#processes, key, found, accepted)
    for (let moves = 0; ;) {
      const [output] = work.process.outputs
      if (output === undefined) break
      if (this.#dispatcher.needsVersion(output))
        work.replaceFirst(withVersion(output, await this.#dispatcher.versionFor(output)))
      // Whatever is about to be done must be known to be: also which version it is done at.
      await work.record()
      signal.throwIfAborted()
      const outcome = await this.#dispatcher.dispatch(output.kind === 'command' ? work.first : output, {
        key,
        metadata: {
          correlationId: work.process.correlationId,
          process: { name: this.#manager.name, key },
        },
        signal,
      })
      if (outcome.kind === 'moved' && ++moves >= MAX_MOVES) throw outcome.error
      if (outcome.kind === 'moved') await abortableDelay(backoffMs(moves, 1, 50), signal)
      this.#conclude(work, key, output, outcome)
    }
    await work.finish()
  }

  /** The process after the input; as it was when that was taken in before; `undefined`: there is nothing to do. */
  #accept(
    key: string,
    process: StoredProcess<State, To> | undefined,
    arrival: Arrival<Contract>,
  ): StoredProcess<State, To> | undefined {
    if (process !== undefined && process.format !== 1)
      throw new EventStoreError(
        'STORE_INCOMPATIBLE',
        `process ${JSON.stringify(key)} of "${this.#manager.name}" has an unknown format`,
      )
    return arrival.kind === 'event'
      ? this.#acceptEvent(key, process, arrival.event)
      : this.#acceptTimeout(key, process, arrival.id, arrival.timeout)
  }

  #acceptEvent(
    key: string,
    process: StoredProcess<State, To> | undefined,
    event: ProjectedEvent<Contract>,
  ): StoredProcess<State, To> | undefined {
    if (process !== undefined && (process.status === 'ended' || hasTaken(process, event))) return process
    const { correlationId = key } = event.metadata
    const before = process ?? unbegun<State, To>(this.#manager.initialState(), correlationId)
    const reaction = this.#manager.reactionTo(before.state, { kind: 'event', event }, { key })
    if (process === undefined && reaction === undefined) return undefined
    // Taken in also where nothing follows: given again later, something might.
    return reacting(taking(before, event), reaction, this.#recording(key))
  }

  #acceptTimeout(
    key: string,
    process: StoredProcess<State, To> | undefined,
    id: string,
    timeout: Timeout,
  ): StoredProcess<State, To> | undefined {
    if (process === undefined) return undefined
    const taken = takingTimeout(process, timeout.name, id)
    // Cancelled or set anew while it was on its way; or it came before.
    if (taken === undefined) return process
    const reaction = this.#manager.reactionTo(taken.state, { kind: 'timeout', timeout }, { key })
    return reacting(taken, reaction, this.#recording(key))
  }

  #conclude(work: UnitOfWork<State, To>, key: string, output: Output<To>, outcome: Outcome): void {
    if (outcome.kind === 'moved') return work.replaceFirst(withoutVersion(output))
    work.dropFirst()
    if (outcome.kind === 'done' || output.kind !== 'command') return
    const { to, stream, command } = output
    const { code, message } = outcome.error
    // Sound: the parts of a union's member, put together again.
    const refused = { to, stream, command } as ProcessCommand<To>
    const input = { kind: 'refused', refusal: { ...refused, code, message } } as const
    const reaction = this.#manager.reactionTo(work.process.state, input, { key })
    work.replace(reacting(work.process, reaction, this.#recording(key)))
  }

  #recording(key: string): Recording {
    const { name, timeoutNames, receivers } = this.#manager
    return { name, key, nowMs: this.#options.clock(), timeoutNames, receivers }
  }
}

/** A process that was read, and what of it is not written yet. */
class UnitOfWork<State, To extends Receivers> {
  process: StoredProcess<State, To>
  readonly #processes: DocumentCollection<StoredProcess<State, To>>
  readonly #key: string
  #revision: string | undefined
  /** Something is new: it must be written before anything is done. */
  #isNew: boolean
  /** Something was done: written with what comes next, or at the end. */
  #isShorter = false

  constructor(
    processes: DocumentCollection<StoredProcess<State, To>>,
    key: string,
    found: Document<StoredProcess<State, To>> | undefined,
    accepted: StoredProcess<State, To>,
  ) {
    this.#processes = processes
    this.#key = key
    this.#revision = found?.revision
    this.process = accepted
    this.#isNew = accepted !== found?.value
  }

  get first(): Output<To> {
    const [first] = this.process.outputs
    if (first === undefined) throw new RangeError('there is no output')
    return first
  }

  replace(process: StoredProcess<State, To>): void {
    this.process = process
    this.#isNew = true
  }

  replaceFirst(output: Output<To>): void {
    this.replace({ ...this.process, outputs: [output, ...this.process.outputs.slice(1)] })
  }

  dropFirst(): void {
    this.process = { ...this.process, outputs: this.process.outputs.slice(1) }
    this.#isShorter = true
  }

  /** @throws `REVISION_CONFLICT`: another process was faster; nothing was written. */
  async record(): Promise<void> {
    if (!this.#isNew) return
    const expectedRevision = this.#revision === undefined ? 'none' : { revision: this.#revision }
    this.#revision = await this.#processes.put(this.#key, this.process, { expectedRevision })
    this.#isNew = false
    this.#isShorter = false
  }

  async finish(): Promise<void> {
    if (this.#isShorter) this.#isNew = true
    await this.record()
  }
}

function withVersion<To extends Receivers>(output: Output<To>, at: number): Output<To> {
  return output.kind === 'command' ? { ...output, at } : output
}

function withoutVersion<To extends Receivers>(output: Output<To>): Output<To> {
  if (output.kind !== 'command') return output
  const { at: _at, ...rest } = output
  return rest
}
