import type { Document, DocumentStore, DocumentWrite } from '../document-store.ts'
import { EventStoreError, RevisionConflictError } from '../error.ts'
import type { Position } from '../position.ts'
import {
  CHECKPOINTS,
  type Checkpoint,
  type CheckpointDocument,
  isTransient,
  type Parked,
} from './checkpoint.ts'
import { abortableDelay } from './delay.ts'
import { type CheckpointChange, type Lease, leaseLost } from './lease.ts'

export interface LeaseTerms {
  readonly checkpoint: CheckpointDocument
  readonly partition: number
  /** Of this subscription, unique. */
  readonly owner: string
  readonly leaseMs: number
  /** Told of every position that was written. */
  readonly onPosition?: ((position: Position) => void) | undefined
}

/**
 * Ownership of one partition by one subscription: every write is a compare-and-set on the revision that
 * the last one left, so that a successor's first write refuses all of the predecessor's.
 */
export class DocumentLease implements Lease {
  readonly #terms: LeaseTerms
  readonly #lost = new AbortController()
  readonly #heartbeat: NodeJS.Timeout
  #checkpoint: Checkpoint
  #revision: string
  #validUntilMs: number
  #writing: Promise<void> = Promise.resolve()
  readonly #finishedRequests = new Set<string>()
  /** Called when an operator's request was found. */
  onRequest: (parked: Parked) => void = () => undefined
  #ended = false

  constructor(terms: LeaseTerms, taken: Omit<Document<Checkpoint>, 'key'>, takenAtMs: number) {
    this.#terms = terms
    this.#checkpoint = taken.value
    this.#revision = taken.revision
    this.#validUntilMs = takenAtMs + terms.leaseMs
    this.#heartbeat = setInterval(() => this.#beat(), terms.leaseMs / 3)
  }

  /** Aborted when the partition is, or may be, somebody else's. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  get epoch(): number {
    return this.#checkpoint.epoch
  }

  /** Where handlers' documents live unless they say otherwise: beside the checkpoint. */
  get documentPartition(): number {
    return this.#terms.checkpoint.documentPartition
  }

  get position(): Position {
    return this.#checkpoint.position
  }

  get parked(): readonly Parked[] {
    return this.#checkpoint.parked
  }

  /**
   * Whether the lease still holds by this process's monotonic clock. Asked before each handler: a process
   * that was paused wakes up here first.
   */
  holds(): boolean {
    if (this.#ended || this.signal.aborted) return false
    if (performance.now() < this.#validUntilMs) return true
    this.#lose('the lease ran out before it could be renewed')
    return false
  }

  /**
   * Writes the checkpoint and `writes` as one batch.
   *
   * @throws {@link EventStoreError} `LEASE_LOST`: another owner wrote since; nothing was written.
   * @throws {@link RevisionConflictError} about one of `writes`; nothing was written.
   */
  commit(change: CheckpointChange, writes: readonly DocumentWrite[] = []): Promise<void> {
    return this.#exclusively(() => this.#write(change, this.#terms.owner, writes))
  }

  /**
   * Runs `work` in a transaction of the caller's making, with the checkpoint written as its last step by the
   * function given to `work`. No heartbeat runs meanwhile: on a backend with one connection it would wait
   * for the transaction, which would wait for it.
   */
  commitWithin<Result>(
    work: (write: (documents: DocumentStore, change: CheckpointChange) => Promise<void>) => Promise<Result>,
  ): Promise<Result> {
    return this.#exclusively(async () => {
      let written:
        | { readonly value: Checkpoint; readonly revision: string; readonly atMs: number }
        | undefined
      const result = await work(async (documents, change) => {
        const atMs = performance.now()
        const value = this.#next(change, this.#terms.owner)
        try {
          const [revision] = await documents.batch([this.#putting(value)])
          if (revision !== undefined) written = { value, revision, atMs }
        } catch (error) {
          if (error instanceof RevisionConflictError || EventStoreError.is(error, 'REVISION_CONFLICT'))
            await this.#refresh()
          throw error
        }
      })
      if (written !== undefined) this.#adopt(written.value, written.revision, written.atMs)
      return result
    })
  }

  /** An operator's request was carried out: the next commit of `parked` drops it. */
  finishRequest(id: string): void {
    this.#finishedRequests.add(id)
  }

  /** Gives the partition back, so that another owner need not wait. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat)
    try {
      if (this.holds()) await this.#exclusively(() => this.#write({}, null, []))
    } finally {
      this.#ended = true
    }
  }

  /** Stops renewing without a word: what a killed process does. */
  abandon(): void {
    clearInterval(this.#heartbeat)
    this.#ended = true
  }

  #beat(): void {
    if (!this.holds()) return
    // A failure shows as the loss of the lease, here or at the next check.
    this.commit({}).catch((error: unknown) => {
      if (!isTransient(error)) this.#lose('the lease could not be renewed', error)
    })
  }

  async #write(
    change: CheckpointChange,
    owner: string | null,
    writes: readonly DocumentWrite[],
  ): Promise<void> {
    const { signal } = this
    for (let attempt = 1; ; attempt++) {
      if (!this.holds()) throw this.#leaseLost(signal.reason)
      const startedAtMs = performance.now()
      const value = this.#next(change, owner)
      try {
        const [revision] = await this.#terms.checkpoint.documents.batch([this.#putting(value), ...writes])
        if (revision !== undefined) this.#adopt(value, revision, startedAtMs)
        return
      } catch (error) {
        const conflict = EventStoreError.is(error, 'REVISION_CONFLICT') ? error : undefined
        if (conflict !== undefined && conflict.collection !== CHECKPOINTS) throw error
        if (conflict === undefined && !isTransient(error)) throw error
        if (conflict === undefined) await abortableDelay(Math.min(10 * 2 ** attempt, 500), signal)
        // Another owner, an operator's request, or our own write whose reply was lost: the document tells.
        const found = await this.#refresh()
        if (found?.beat === value.beat && found.owner === owner) return
      }
    }
  }

  /** Reads what stands there now; ours: takes over its revision and requests, else the lease is lost. */
  async #refresh(): Promise<Checkpoint | undefined> {
    const readAtMs = performance.now()
    let document: Document<Checkpoint> | undefined
    try {
      document = await this.#terms.checkpoint.get()
    } catch (error) {
      if (isTransient(error)) return undefined
      throw error
    }
    const found = document?.value
    if (
      document === undefined ||
      found === undefined ||
      found.epoch !== this.epoch ||
      (found.owner ?? this.#terms.owner) !== this.#terms.owner
    ) {
      this.#lose('another owner has taken the partition over')
      return undefined
    }
    this.#adopt(found, document.revision, readAtMs - this.#terms.leaseMs)
    return found
  }

  #next(change: CheckpointChange, owner: string | null): Checkpoint {
    const before = this.#checkpoint
    const { position = before.position } = change
    const parked = change.parked?.map((entry) => this.#withRequest(entry)) ?? before.parked
    return { ...before, owner, beat: before.beat + 1, leaseMs: this.#terms.leaseMs, position, parked }
  }

  /** A request that came in since the change was made must not be overwritten by it. */
  #withRequest(entry: Parked): Parked {
    const request = this.#checkpoint.parked.find(({ streamId }) => streamId === entry.streamId)?.request
    return request === undefined || this.#finishedRequests.has(request.id) ? entry : { ...entry, request }
  }

  #putting(value: Checkpoint): DocumentWrite {
    return this.#terms.checkpoint.putting(value, this.#revision)
  }

  #adopt(checkpoint: Checkpoint, revision: string, renewedAtMs: number): void {
    if (checkpoint.position !== this.#checkpoint.position) this.#terms.onPosition?.(checkpoint.position)
    this.#checkpoint = checkpoint
    this.#revision = revision
    this.#validUntilMs = Math.max(this.#validUntilMs, renewedAtMs + this.#terms.leaseMs)
    for (const parked of checkpoint.parked) {
      if (parked.request !== undefined && !this.#finishedRequests.has(parked.request.id))
        this.onRequest(parked)
    }
  }

  #lose(reason: string, cause?: unknown): void {
    clearInterval(this.#heartbeat)
    if (!this.signal.aborted) this.#lost.abort(this.#leaseLost(cause, reason))
  }

  #leaseLost(cause: unknown, reason?: string): EventStoreError<'LEASE_LOST'> {
    return leaseLost(this.#terms.checkpoint.group, this.#terms.partition, cause, reason)
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
