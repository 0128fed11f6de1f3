import type { Position } from '@eventspine/core'

/**
 * The right to be the relay that writes a partition. It keeps relays from fencing each other in turns, and
 * nothing more: that two at once do no harm is the work of the target's sessions.
 */
export interface Ownership {
  /** Aborted when another relay has taken over; the reason is an error of code `LEASE_LOST`, or what ended it. */
  readonly signal: AbortSignal
  /** Rivals share it, so that a relay that was fenced can wait for its turn. */
  readonly shared: boolean
  /** @throws an EventStoreError `LEASE_LOST`: another relay has taken over. */
  renew(): Promise<void>
  /** Lets a rival that waits go on at once. */
  release(): Promise<void>
}

/** Where relays of one name settle which of them writes. */
export interface Ownerships {
  /** A watch over one partition; `position` is written down with every sign of life. */
  watch(partition: number, position: () => Position | undefined): OwnershipWatch
  /** What the owner wrote down last. */
  seen(partition: number): Promise<SeenOwner | undefined>
}

export interface OwnershipWatch {
  /** An owner gave a sign of life between two looks. */
  readonly sawLife: boolean
  /** Takes the partition when it is free or its owner is silent. */
  tryAcquire(): Promise<Ownership | undefined>
}

export interface SeenOwner {
  readonly owned: boolean
  readonly position: Position | undefined
}

/** For a source without documents: everybody may, and the latest wins. */
export const unsharedOwnerships: Ownerships = {
  watch: () => ({
    sawLife: true,
    tryAcquire: async () => ({
      signal: new AbortController().signal,
      shared: false,
      renew: async () => undefined,
      release: async () => undefined,
    }),
  }),
  seen: async () => undefined,
}
