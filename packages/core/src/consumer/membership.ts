import type { DocumentCollection } from '../document-store.ts'
import { type CheckpointOwner, isTransient } from './checkpoint.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { abortableDelay } from './delay.ts'
import type { PartitionShare } from './partition-share.ts'

const MEMBERS = '$members'

/**
 * Who else is in the group, so that members take a fair share of the partitions. A hint: ownership is
 * decided by the checkpoint documents alone.
 */
export class Membership implements PartitionShare {
  readonly ended = undefined
  readonly #collection: DocumentCollection<{ readonly member: string }> | undefined
  readonly #options: ConsumerOptions
  readonly #member: string
  /** Of the group's members. It separates by a sign that can stand in a group's name, which at worst makes shares smaller. */
  readonly #prefix: string
  readonly #held = new Map<number, AbortController>()
  #members = 1
  #timer: NodeJS.Timeout | undefined
  #announcing: Promise<void> | undefined

  constructor({ documents, borrowedFor }: CheckpointOwner, options: ConsumerOptions, member: string) {
    this.#prefix = borrowedFor === undefined ? `${options.group}/` : `${options.group}/${borrowedFor}/`
    this.#options = options
    this.#member = member
    const { listing, expiry } = documents.capabilities
    // With one partition there is nothing to share; without listing the first come takes all.
    const counts = options.partitions.length > 1 && listing !== 'none' && expiry
    this.#collection = counts ? documents.collection(MEMBERS, { listed: true }) : undefined
  }

  async join(_stopping: AbortSignal, once: boolean): Promise<void> {
    // A single run takes what it finds: it would be gone before others made room for it.
    if (this.#collection === undefined || once) return
    await this.#announce()
    this.#timer = setInterval(() => this.#announceAgain(), this.#options.leaseMs / 3)
  }

  async leave(): Promise<void> {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    // One under way would enter this member again behind its removal, and tell of a store that is closed by then.
    await this.#announcing
    await this.#quietly(async () => this.#collection?.delete(this.#key(), { partition: 0 }))
  }

  /** Whether a partition that could be had should be taken; it counts from now on. */
  claim(partition: number): boolean {
    if (this.#held.size >= this.#share()) return false
    this.#held.set(partition, new AbortController())
    return true
  }

  /** Aborted when a claimed partition should go to a member that has less; `undefined` for no other. */
  giveBack(partition: number): AbortSignal | undefined {
    return this.#held.get(partition)?.signal
  }

  /** The partition is not owned (any more), or could not be had. */
  dropped(partition: number): void {
    this.#held.delete(partition)
  }

  assignment(): undefined {
    return undefined
  }

  isElsewhere(): boolean {
    return false
  }

  wait(_partition: number, ms: number, signal: AbortSignal): Promise<void> {
    return abortableDelay(ms, signal)
  }

  #share(): number {
    return Math.ceil(this.#options.partitions.length / this.#members)
  }

  #announceAgain(): void {
    // A slow store is not asked again before it has answered.
    this.#announcing ??= this.#announce().finally(() => {
      this.#announcing = undefined
    })
  }

  async #announce(): Promise<void> {
    await this.#quietly(async () => {
      if (this.#collection === undefined) return
      const { leaseMs } = this.#options
      await this.#collection.put(
        this.#key(),
        { member: this.#member },
        { partition: 0, expiresInMs: leaseMs },
      )
      let members = 0
      for await (const _ of this.#collection.list({ partition: 0, prefix: this.#prefix })) members++
      this.#members = Math.max(1, members)
    })
    const surplus = [...this.#held.keys()].slice(this.#share())
    for (const partition of surplus) this.#held.get(partition)?.abort()
  }

  #key(): string {
    return this.#prefix + this.#member
  }

  /** A hint that cannot be written or read now is left as it was. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!isTransient(error))
        this.#options.notify({ kind: 'backend-error', partition: 0, error, retryInMs: 0 })
    }
  }
}
