import { isMutation, type CouchbaseOperation } from './couchbase-operation.ts'
import type { CouchbaseDurability } from './couchbase-framing.ts'
import type { CouchbaseRequest } from './couchbase-request.ts'

/** How many operations on documents clients have sent. */
export interface CouchbaseCounts {
  /** All of them. */
  readonly total: number
  readonly operations: Readonly<Partial<Record<CouchbaseOperation, number>>>
  /** Those that could carry a durability level. */
  readonly mutations: number
  /** Mutations that carried one: a proof that it was sent, not that a server honoured it. */
  readonly durable: Readonly<Partial<Record<CouchbaseDurability, number>>>
  readonly preserveExpiry: number
}

/** Counts requests as they arrive, whatever becomes of them. */
export class CouchbaseCounter {
  #operations: Partial<Record<CouchbaseOperation, number>> = {}
  #durable: Partial<Record<CouchbaseDurability, number>> = {}
  #total = 0
  #mutations = 0
  #preserveExpiry = 0

  count({ operation, durability, preserveExpiry }: CouchbaseRequest): void {
    this.#total += 1
    this.#operations[operation] = (this.#operations[operation] ?? 0) + 1
    if (isMutation(operation)) this.#mutations += 1
    if (durability !== undefined) this.#durable[durability] = (this.#durable[durability] ?? 0) + 1
    if (preserveExpiry) this.#preserveExpiry += 1
  }

  counts(): CouchbaseCounts {
    return {
      total: this.#total,
      operations: { ...this.#operations },
      mutations: this.#mutations,
      durable: { ...this.#durable },
      preserveExpiry: this.#preserveExpiry,
    }
  }

  reset(): void {
    this.#operations = {}
    this.#durable = {}
    this.#total = 0
    this.#mutations = 0
    this.#preserveExpiry = 0
  }
}
