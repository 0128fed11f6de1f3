import type { Document } from '../document-store.ts'
import { EventStoreError } from '../error.ts'
import type { Position } from '../position.ts'
import type { Checkpoint } from './checkpoint.ts'
import { DocumentLease, type LeaseTerms } from './document-lease.ts'
import type { LeaseSource } from './lease.ts'

/**
 * Waits for one partition to become free. Whether an owner is silent is judged by this process's monotonic
 * clock alone: how long the document has stood unchanged since it was first seen so. Clocks of two machines
 * are never compared.
 */
export class LeaseWatch implements LeaseSource {
  readonly #terms: LeaseTerms
  readonly #start: () => Promise<Position>
  #seen: { readonly revision: string; readonly sinceMs: number } | undefined
  #sawLife = false

  /** @param start - where a group without checkpoint begins. */
  constructor(terms: LeaseTerms, start: () => Promise<Position>) {
    this.#terms = terms
    this.#start = start
  }

  /** Another owner wrote between two looks. */
  get sawLife(): boolean {
    return this.#sawLife
  }

  /**
   * Takes the partition when it is free or its owner silent; `undefined` when it is not, or a rival was faster.
   *
   * @param claim - asked last, when the partition could be had.
   */
  async tryAcquire(claim: () => boolean): Promise<DocumentLease | undefined> {
    const { checkpoint, owner, leaseMs } = this.#terms
    const document = await checkpoint.get()
    if (document !== undefined && !this.#isFree(document)) return undefined
    if (!claim()) return undefined
    const takenAtMs = performance.now()
    const taken = { format: 1, owner, leaseMs } as const
    const value: Checkpoint =
      document === undefined
        ? { ...taken, epoch: 1, beat: 1, position: await this.#start(), parked: [] }
        : { ...document.value, ...taken, epoch: document.value.epoch + 1, beat: document.value.beat + 1 }
    try {
      const expectedRevision = document === undefined ? 'none' : { revision: document.revision }
      const revision = await checkpoint.put(value, expectedRevision)
      this.#seen = undefined
      return new DocumentLease(this.#terms, { value, revision }, takenAtMs)
    } catch (error) {
      if (EventStoreError.is(error, 'REVISION_CONFLICT')) return undefined
      throw error
    }
  }

  #isFree({ value, revision }: Document<Checkpoint>): boolean {
    // Our own name: an acquisition whose reply was lost.
    if (value.owner === null || value.owner === this.#terms.owner) return true
    const nowMs = performance.now()
    if (this.#seen?.revision !== revision) {
      this.#sawLife = this.#seen !== undefined
      this.#seen = { revision, sinceMs: nowMs }
      return false
    }
    return nowMs - this.#seen.sinceMs >= value.leaseMs
  }
}
