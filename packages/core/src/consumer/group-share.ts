import type { EventStoreError } from '../error.ts'
import type { GroupAdapter, GroupAssignment, GroupMember } from '../group-adapter.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import type { PartitionShare } from './partition-share.ts'

/** How often a partition is tried that the group gave, while its last owner still finishes what it has in hand. */
const HANDOVER_POLL_MS = 50

/** The share that a native group assigns. */
export class GroupShare implements PartitionShare {
  readonly #groups: GroupAdapter
  readonly #options: ConsumerOptions
  readonly #claimed = new Map<number, GroupAssignment>()
  #member: GroupMember | undefined

  constructor(groups: GroupAdapter, options: ConsumerOptions) {
    this.#groups = groups
    this.#options = options
  }

  async join(stopping: AbortSignal): Promise<void> {
    const { group, leaseMs, notify } = this.#options
    if (stopping.aborted) return
    const member = this.#groups.doJoin({
      group,
      sessionMs: leaseMs,
      onOutage: (error: EventStoreError, retryInMs: number) =>
        notify({ kind: 'backend-error', partition: 0, error, retryInMs }),
    })
    this.#member = member
    const leave = (): void => void member.leave()
    stopping.addEventListener('abort', leave)
    try {
      await member.joined
    } catch (error) {
      if (!stopping.aborted) throw error
    } finally {
      stopping.removeEventListener('abort', leave)
    }
  }

  async leave(): Promise<void> {
    await this.#member?.leave()
  }

  get ended(): Promise<void> | undefined {
    return this.#member?.ended
  }

  claim(partition: number): boolean {
    const assignment = this.#member?.assignment(partition)
    if (assignment?.claim() !== true) return false
    this.#claimed.set(partition, assignment)
    return true
  }

  giveBack(partition: number): AbortSignal | undefined {
    return this.#claimed.get(partition)?.revoked
  }

  dropped(partition: number): void {
    this.#claimed.get(partition)?.release()
    this.#claimed.delete(partition)
  }

  assignment(partition: number): GroupAssignment | undefined {
    return this.#claimed.get(partition)
  }

  isElsewhere(partition: number): boolean {
    return this.#member?.assignment(partition) === undefined
  }

  async wait(partition: number, ms: number, signal: AbortSignal): Promise<void> {
    const given = this.#member?.assignment(partition)?.revoked.aborted === false
    await this.#member?.waitForChange(given ? Math.min(ms, HANDOVER_POLL_MS) : ms, signal)
  }
}
