import type { StoredEvent } from './adapter.ts'

/*
 * The inner interface of competing consumers: a group whose members take single events from a log, in no order,
 * and say of each when it is done. The backend keeps who has which event in hand, since when, and how often it
 * was handed out; core runs the handlers.
 */

/** A group at one partition. */
export interface CompetingGroupAddress {
  readonly group: string
  readonly partition: number
}

/** Who joins, and where the group begins when it is new. */
export interface CompetingRequest extends CompetingGroupAddress {
  /** Unique to one subscription. */
  readonly member: string
  /** Sequence after which a new group begins; `end`: at the head as it is when the group is made. */
  readonly after: number | 'end'
  /** An event that its member said nothing about for this long may be handed to another, by the server's clock. */
  readonly idleMs: number
}

/** An event that was handed out. */
export interface CompetingDelivery {
  readonly event: StoredEvent
  /** How often it was tried, this time included. */
  readonly tries: number
}

/** An event in hand, with how often it was tried. */
export interface CompetingTry {
  readonly sequence: number
  readonly tries: number
}

/** An event that the group gave up. */
export interface CompetingFailure extends CompetingTry {
  readonly error: string
}

/** What `doPark` did. */
export type ParkOutcome =
  | 'parked'
  /** The group has as many parked events of this partition as are allowed: nothing was changed. */
  | 'full'
  /** Another member has the event, or it is done: nothing was changed. */
  | 'lost'

/** One member at one partition. A call that fails may have happened; all may be repeated. */
export interface CompetingMemberAdapter {
  /**
   * Takes at most `limit` events: first those of members that were silent for too long, then new ones. Waits up to
   * `waitMs` for one, and resolves soon when `signal` aborts. What it takes is this member's from then on.
   */
  doTake(request: {
    readonly limit: number
    readonly waitMs: number
    readonly signal: AbortSignal
  }): Promise<readonly CompetingDelivery[]>
  /**
   * Says that these are still in hand, and how often each was tried.
   *
   * @returns the sequences of those that are no longer this member's.
   */
  doExtend(inHand: readonly CompetingTry[]): Promise<readonly number[]>
  /** These are done: nobody gets them any more. */
  doFinish(sequences: readonly number[]): Promise<void>
  /** Takes one out of the group's way and lists it, in one atomic step, unless `maxParked` are listed already. */
  doPark(failure: CompetingFailure, maxParked: number): Promise<ParkOutcome>
  /** Gives these back: another member may have them at once. */
  doRelease(inHand: readonly CompetingTry[]): Promise<void>
  /** Gives back all that is still in hand, known or not, and frees what the member used. Called once. */
  doLeave(): Promise<void>
}

/** How far a group is in one partition. */
export interface CompetingState {
  /** Everything up to this sequence was handed out at least once. */
  readonly handedOut: number
  /** Events handed out and not done. */
  readonly inHand: number
  /** Sequence of the first of them. */
  readonly firstInHand: number | undefined
  readonly parked: number
  readonly members: number
}

/** What backends implement whose logs serve consumers without order. */
export interface CompetingAdapter {
  doJoin(request: CompetingRequest): Promise<CompetingMemberAdapter>
  /** `undefined`: there is no such group. */
  doState(address: CompetingGroupAddress): Promise<CompetingState | undefined>
  doParked(address: CompetingGroupAddress): Promise<readonly CompetingFailure[]>
  /**
   * Takes a parked event off the list, and with `again` hands it out anew, its tries forgotten.
   *
   * @returns whether it was listed.
   */
  doUnpark(address: CompetingGroupAddress, sequence: number, again: boolean): Promise<boolean>
}
