import { randomBytes } from 'node:crypto'
import type { RedisClient } from './client.ts'

/** How long answers are kept for calls that may come twice: longer than any client tries. */
export const KEEP_ANSWERS_MS = 24 * 60 * 60 * 1000

/** One call that the client may send twice: the script keeps its answer in a slot, under a number. */
export interface GuardedCall {
  readonly slot: number
  readonly number: number
}

/**
 * Whether the client sends commands again by itself whose reply was lost with the connection: the second of such a pair
 * would append once more, or find a conflict with itself.
 */
export function resends(client: RedisClient): boolean {
  const { autoResendUnfulfilledCommands, maxRetriesPerRequest, retryDelayOnFailover } = client.options
  if (client.isCluster) return retryDelayOnFailover !== 0
  // With 0 everything under way is given up when a connection ends, and nothing is left to be sent again.
  return autoResendUnfulfilledCommands !== false && maxRetriesPerRequest !== 0
}

/**
 * Numbers the calls of one client within a partition. A slot is taken for the time of a call, so there are as many
 * answers to keep as calls were ever under way at once.
 */
export class ResendGuard {
  /** Names this client among all that write to the store. */
  readonly client = randomBytes(8).toString('hex')
  readonly #partitions = new Map<number, { readonly free: number[]; readonly numbers: number[] }>()

  take(partition: number): GuardedCall {
    let slots = this.#partitions.get(partition)
    if (slots === undefined) {
      slots = { free: [], numbers: [] }
      this.#partitions.set(partition, slots)
    }
    const slot = slots.free.pop() ?? slots.numbers.push(0) - 1
    const number = (slots.numbers[slot] ?? 0) + 1
    slots.numbers[slot] = number
    return { slot, number }
  }

  /** The call has its answer, or never gets one: the client will not send it again. */
  release(partition: number, { slot }: GuardedCall): void {
    this.#partitions.get(partition)?.free.push(slot)
  }
}
