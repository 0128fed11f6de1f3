import { EventStoreError, isTransient } from '@eventspine/core'
import type { Document, DocumentCollection, DocumentStore, Position } from '@eventspine/core'
import type { Ownership, Ownerships, OwnershipWatch, SeenOwner } from './ownership.ts'

const COLLECTION = '$relays'

/** The document by which relays of one name settle who writes a partition. `docs/wire.md` specifies it. */
interface LeaseDocument {
  readonly format: 1
  /** Unique to one running relay; `null` when nobody owns the partition. */
  readonly owner: string | null
  /** Rises with every write, so that no two are alike. */
  readonly beat: number
  /** How long the owner may be silent before another may take over. */
  readonly leaseMs: number
  /** Up to where the target held the source's feed: behind the truth, never ahead of it. */
  readonly position: Position | null
}

export interface LeaseTerms {
  readonly documents: DocumentStore
  readonly name: string
  /** Incarnation of the target. */
  readonly target: string
  /** Of this running relay, unique. */
  readonly owner: string
  readonly leaseMs: number
  readonly onOutage: (partition: number, error: unknown, retryInMs: number) => void
}

/** Leases in the source's documents. */
export class LeasedOwnerships implements Ownerships {
  readonly #terms: LeaseTerms

  constructor(terms: LeaseTerms) {
    this.#terms = terms
  }

  watch(partition: number, position: () => Position | undefined): OwnershipWatch {
    return new LeaseWatch(new LeaseRecord(this.#terms, partition), position)
  }

  async seen(partition: number): Promise<SeenOwner | undefined> {
    const found = await new LeaseRecord(this.#terms, partition).get()
    if (found === undefined) return undefined
    const { owner, position } = found.value
    return { owned: owner !== null, position: position ?? undefined }
  }
}

/** One partition's document. */
class LeaseRecord {
  readonly terms: LeaseTerms
  readonly partition: number
  readonly #collection: DocumentCollection<LeaseDocument>
  readonly #key: string
  readonly #documentPartition: number

  constructor(terms: LeaseTerms, partition: number) {
    const { documents, name, target } = terms
    this.terms = terms
    this.partition = partition
    this.#collection = documents.collection(COLLECTION, { listed: documents.capabilities.listing !== 'none' })
    this.#key = `${name}/${target}/${partition}`
    this.#documentPartition = partition % documents.partitions
  }

  /** @throws an EventStoreError `STORE_INCOMPATIBLE`: written by a newer version. */
  async get(): Promise<Document<LeaseDocument> | undefined> {
    const found = await this.#collection.get(this.#key, { partition: this.#documentPartition })
    if (found !== undefined && found.value.format !== 1) {
      throw new EventStoreError(
        'STORE_INCOMPATIBLE',
        `the lease of relay ${JSON.stringify(this.terms.name)} has an unknown format`,
      )
    }
    return found
  }

  /** @returns the revision. */
  put(
    owner: string | null,
    beat: number,
    position: Position | undefined,
    revision: string | undefined,
  ): Promise<string> {
    const { leaseMs } = this.terms
    const value: LeaseDocument = { format: 1, owner, beat, leaseMs, position: position ?? null }
    const expectedRevision = revision === undefined ? 'none' : { revision }
    return this.#collection.put(this.#key, value, { partition: this.#documentPartition, expectedRevision })
  }
}

/**
 * Waits for a partition to become free. Whether an owner is silent is judged by this process's monotonic clock:
 * how long the document has stood unchanged since it was first seen so.
 */
class LeaseWatch implements OwnershipWatch {
  readonly #record: LeaseRecord
  readonly #position: () => Position | undefined
  #seen: { readonly revision: string; readonly sinceMs: number } | undefined
  #sawLife = false

  constructor(record: LeaseRecord, position: () => Position | undefined) {
    this.#record = record
    this.#position = position
  }

  get sawLife(): boolean {
    return this.#sawLife
  }

  async tryAcquire(): Promise<Ownership | undefined> {
    const { owner } = this.#record.terms
    const found = await this.#record.get()
    if (found !== undefined && !this.#isFree(found)) return undefined
    const beat = (found?.value.beat ?? 0) + 1
    try {
      const position = this.#position() ?? found?.value.position ?? undefined
      const revision = await this.#record.put(owner, beat, position, found?.revision)
      this.#seen = undefined
      return new RelayLease(this.#record, this.#position, beat, revision)
    } catch (error) {
      if (EventStoreError.is(error, 'REVISION_CONFLICT')) return undefined
      throw error
    }
  }

  #isFree({ value, revision }: Document<LeaseDocument>): boolean {
    // Our own name: an acquisition whose reply was lost.
    if (value.owner === null || value.owner === this.#record.terms.owner) return true
    const nowMs = performance.now()
    if (this.#seen?.revision !== revision) {
      this.#sawLife = this.#seen !== undefined
      this.#seen = { revision, sinceMs: nowMs }
      return false
    }
    return nowMs - this.#seen.sinceMs >= value.leaseMs
  }
}

/** Ownership of one partition, by a document that its owner keeps on changing. */
class RelayLease implements Ownership {
  readonly shared = true
  readonly #record: LeaseRecord
  readonly #position: () => Position | undefined
  readonly #lost = new AbortController()
  readonly #heartbeat: NodeJS.Timeout
  #beat: number
  #revision: string
  #writing: Promise<void> = Promise.resolve()

  constructor(record: LeaseRecord, position: () => Position | undefined, beat: number, revision: string) {
    this.#record = record
    this.#position = position
    this.#beat = beat
    this.#revision = revision
    const everyMs = record.terms.leaseMs / 3
    this.#heartbeat = setInterval(() => {
      this.renew().catch((error: unknown) => {
        // What does not pass ends the relay by the signal.
        if (isTransient(error)) record.terms.onOutage(record.partition, error, Math.round(everyMs))
      })
    }, everyMs)
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  renew(): Promise<void> {
    return this.#exclusively(() => this.#write(this.#record.terms.owner))
  }

  async release(): Promise<void> {
    clearInterval(this.#heartbeat)
    if (!this.signal.aborted) await this.#exclusively(() => this.#write(null))
  }

  async #write(owner: string | null): Promise<void> {
    if (this.signal.aborted) throw this.signal.reason
    try {
      const beat = this.#beat + 1
      this.#revision = await this.#record.put(owner, beat, this.#position(), this.#revision)
      this.#beat = beat
    } catch (error) {
      if (!isTransient(error) && !EventStoreError.is(error, 'REVISION_CONFLICT')) throw this.#lose(error)
      // Another owner, or our own write whose reply was lost: the document tells.
      const found = await this.#record.get()
      if (found?.value.owner !== this.#record.terms.owner) throw this.#lose(this.#takenOver(error))
      this.#revision = found.revision
      this.#beat = found.value.beat
    }
  }

  #lose(reason: unknown): unknown {
    clearInterval(this.#heartbeat)
    if (!this.signal.aborted) this.#lost.abort(reason)
    return this.signal.reason
  }

  #takenOver(cause: unknown): EventStoreError<'LEASE_LOST'> {
    const { terms, partition } = this.#record
    return new EventStoreError(
      'LEASE_LOST',
      `relay ${JSON.stringify(terms.name)}, partition ${partition}: another relay of this name took over`,
      { cause },
    )
  }

  /** One write at a time: each needs the revision that the one before it left. */
  #exclusively(work: () => Promise<void>): Promise<void> {
    const result = this.#writing.then(work)
    this.#writing = result.catch(() => undefined)
    return result
  }
}
