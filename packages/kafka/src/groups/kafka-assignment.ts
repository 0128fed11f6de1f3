import { EventStoreError, type GroupAssignment, type GroupCheckpoint } from '@eventspine/core'
import { classifyGroupError } from './group-error.ts'
import type { GroupSession } from './group-session.ts'

/** What an assignment needs of the member that it is part of. */
export interface AssignmentOwner {
  readCheckpoint(partition: number): Promise<GroupCheckpoint | undefined>
  /** Something failed on the connection: it is to be looked at. */
  suspect(error: unknown): void
}

/** How often offsets are written that nobody reads but people. */
const MIRROR_EVERY_MS = 1000

/** A partition that one generation of the group has given to this member. */
export class KafkaAssignment implements GroupAssignment {
  readonly partition: number
  readonly #session: GroupSession
  readonly #owner: AssignmentOwner
  readonly #revoked = new AbortController()
  readonly #lost = new AbortController()
  #inHand = false
  #released: () => void = () => undefined
  #mirrored: number | undefined
  #mirrorTimer: NodeJS.Timeout | undefined

  constructor(session: GroupSession, partition: number, owner: AssignmentOwner) {
    this.#session = session
    this.partition = partition
    this.#owner = owner
  }

  get revoked(): AbortSignal {
    return this.#revoked.signal
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  claim(): boolean {
    if (this.revoked.aborted || !this.holds()) return false
    this.#inHand = true
    return true
  }

  release(): void {
    this.#inHand = false
    this.#released()
  }

  holds(): boolean {
    return !this.lost.aborted && this.#session.isAlive()
  }

  async readCheckpoint(): Promise<GroupCheckpoint | undefined> {
    return this.#owner.readCheckpoint(this.partition)
  }

  async commit(checkpoint: GroupCheckpoint): Promise<void> {
    if (!this.holds())
      throw new EventStoreError('LEASE_LOST', 'kafka: the group may have given the partition away')
    try {
      await this.#session.commit(this.partition, checkpoint)
    } catch (error) {
      this.#owner.suspect(error)
      throw classifyGroupError(error, 'write')
    }
  }

  mirror(sequence: number): void {
    this.#mirrored = sequence
    this.#mirrorTimer ??= setTimeout(() => void this.#writeMirror(), MIRROR_EVERY_MS)
  }

  /** Asks for the partition, and resolves when nothing of it is in hand. */
  async revoke(): Promise<void> {
    this.#revoked.abort()
    if (this.#inHand) await new Promise<void>((resolve) => (this.#released = resolve))
    await this.#writeMirror()
  }

  lose(reason: string, cause?: unknown): void {
    clearTimeout(this.#mirrorTimer)
    this.#revoked.abort()
    if (!this.lost.aborted)
      this.#lost.abort(
        new EventStoreError('LEASE_LOST', `kafka: partition ${this.partition}: ${reason}`, { cause }),
      )
  }

  async #writeMirror(): Promise<void> {
    clearTimeout(this.#mirrorTimer)
    this.#mirrorTimer = undefined
    const sequence = this.#mirrored
    this.#mirrored = undefined
    if (sequence === undefined || !this.holds()) return
    try {
      await this.#session.commitOffset(this.partition, sequence)
    } catch (error) {
      // The checkpoint is elsewhere; the next one is shown again.
      this.#owner.suspect(error)
    }
  }
}
