import type { DocumentWrite } from '../document-store.ts'
import { EventStoreError, notSupported } from '../error.ts'
import type { GroupAssignment } from '../group-adapter.ts'
import type { Position } from '../position.ts'
import { isTransient, type Parked } from './checkpoint.ts'
import { abortableDelay } from './delay.ts'
import { type OwnCheckpoint, resume, toGroupCheckpoint } from './group-checkpoint.ts'
import { type CheckpointChange, type Lease, leaseLost, type LeaseSource } from './lease.ts'
import type { PartitionShare } from './partition-share.ts'
import type { ConsumerBackend } from './run.ts'

export interface GroupLeaseTerms {
  readonly backend: ConsumerBackend
  readonly group: string
  readonly partition: number
  readonly share: PartitionShare
  /** Where a group without checkpoint begins. */
  readonly start: () => Promise<Position>
}

/** Takes partitions that a native group has assigned, with the checkpoint that the group keeps. */
export class GroupLeases implements LeaseSource {
  readonly sawLife = false
  readonly #terms: GroupLeaseTerms

  constructor(terms: GroupLeaseTerms) {
    this.#terms = terms
  }

  async tryAcquire(claim: () => boolean): Promise<Lease | undefined> {
    const { backend, share, partition, start } = this.#terms
    if (!claim()) return undefined
    const assignment = share.assignment(partition)
    if (assignment === undefined) return undefined
    const found = await assignment.readCheckpoint()
    const before =
      found === undefined
        ? { position: await start(), epoch: 0, parked: [] }
        : await resume(backend, found, partition)
    const lease = new GroupLease(this.#terms, assignment, { ...before, epoch: before.epoch + 1 })
    try {
      // The epoch has risen before the first handler sees it as its fencing token.
      await lease.commit({})
      return lease
    } catch (error) {
      if (EventStoreError.is(error, 'LEASE_LOST')) return undefined
      throw error
    }
  }
}

/**
 * Ownership by the word of a native group, which refuses the commits of members that it has given up. Handlers
 * have no documents here, and operators nowhere to leave a request.
 */
class GroupLease implements Lease {
  readonly documentPartition: number
  onRequest: (parked: Parked) => void = () => undefined
  readonly #terms: GroupLeaseTerms
  readonly #assignment: GroupAssignment
  readonly #lost = new AbortController()
  readonly #assignmentLost = (): void => this.#lose(this.#assignment.lost.reason)
  #checkpoint: OwnCheckpoint
  #writing: Promise<void> = Promise.resolve()

  constructor(terms: GroupLeaseTerms, assignment: GroupAssignment, checkpoint: OwnCheckpoint) {
    this.#terms = terms
    this.#assignment = assignment
    this.#checkpoint = checkpoint
    this.documentPartition = terms.partition
    if (assignment.lost.aborted) this.#assignmentLost()
    assignment.lost.addEventListener('abort', this.#assignmentLost)
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  get epoch(): number {
    return this.#checkpoint.epoch
  }

  get position(): Position {
    return this.#checkpoint.position
  }

  get parked(): readonly Parked[] {
    return this.#checkpoint.parked
  }

  holds(): boolean {
    if (this.signal.aborted) return false
    if (this.#assignment.holds()) return true
    this.#lose(undefined, 'the session may have run out')
    return false
  }

  commit(change: CheckpointChange, writes: readonly DocumentWrite[] = []): Promise<void> {
    if (writes.length > 0) return Promise.reject(refused())
    // One at a time: an older position must not arrive behind a newer one.
    const written = this.#writing.then(() => this.#write(change))
    this.#writing = written.catch(() => undefined)
    return written
  }

  commitWithin<Result>(): Promise<Result> {
    return Promise.reject(refused())
  }

  finishRequest(): void {}

  async release(): Promise<void> {
    this.abandon()
    await this.#writing
  }

  abandon(): void {
    this.#assignment.lost.removeEventListener('abort', this.#assignmentLost)
  }

  async #write(change: CheckpointChange): Promise<void> {
    const { position = this.position, parked = this.parked } = change
    const checkpoint = { position, epoch: this.epoch, parked }
    for (let attempt = 1; ; attempt++) {
      if (!this.holds()) throw this.signal.reason
      try {
        await this.#assignment.commit(toGroupCheckpoint(checkpoint))
        this.#checkpoint = checkpoint
        return
      } catch (error) {
        if (EventStoreError.is(error, 'LEASE_LOST')) this.#lose(error)
        else if (!isTransient(error)) throw error
        // Written or not, writing it again is the same.
        await abortableDelay(Math.min(10 * 2 ** attempt, 500), this.signal)
      }
    }
  }

  #lose(cause: unknown, reason?: string): void {
    this.abandon()
    if (!this.signal.aborted)
      this.#lost.abort(leaseLost(this.#terms.group, this.#terms.partition, cause, reason))
  }
}

function refused(): EventStoreError<'NOT_SUPPORTED'> {
  return notSupported('effects with the checkpoint need documents, and the group has none')
}
