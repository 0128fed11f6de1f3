import type {
  CompetingAdapter,
  CompetingDelivery,
  CompetingFailure,
  CompetingGroupAddress,
  CompetingMemberAdapter,
  CompetingRequest,
  CompetingState,
  CompetingTry,
  ParkOutcome,
} from '@eventspine/core'
import type { CompetingGroupState, HandedOut, MemoryLogDatabase } from './log-database.ts'
import { waitForWake } from './wait-for-wake.ts'

/** Between two looks for events that were left alone. */
const MAX_CLAIM_MS = 50

/** Groups without order over a database. Nothing awaits between its first and its last write, so all calls are atomic. */
export class MemoryCompeting implements CompetingAdapter {
  readonly #database: MemoryLogDatabase

  constructor(database: MemoryLogDatabase) {
    this.#database = database
  }

  async doJoin(request: CompetingRequest): Promise<CompetingMemberAdapter> {
    const { group, partition, after, member } = request
    const { last, groups } = this.#database.partition(partition)
    const state = groups.get(group) ?? {
      handedOut: after === 'end' ? last.sequence : after,
      inHand: new Map(),
      parked: new Map(),
      members: new Set(),
    }
    groups.set(group, state)
    state.members.add(member)
    return new MemoryCompetingMember(this.#database, request, state)
  }

  async doState({ group, partition }: CompetingGroupAddress): Promise<CompetingState | undefined> {
    const state = this.#database.partition(partition).groups.get(group)
    if (state === undefined) return undefined
    const { handedOut, inHand, parked, members } = state
    const firstInHand = inHand.size === 0 ? undefined : Math.min(...inHand.keys())
    return { handedOut, inHand: inHand.size, firstInHand, parked: parked.size, members: members.size }
  }

  async doParked({ group, partition }: CompetingGroupAddress): Promise<readonly CompetingFailure[]> {
    const parked = this.#database.partition(partition).groups.get(group)?.parked.values() ?? []
    return [...parked].sort((a, b) => a.sequence - b.sequence)
  }

  async doUnpark(
    { group, partition }: CompetingGroupAddress,
    sequence: number,
    again: boolean,
  ): Promise<boolean> {
    const log = this.#database.partition(partition)
    const state = log.groups.get(group)
    if (state?.parked.delete(sequence) !== true) return false
    if (again) state.inHand.set(sequence, { member: undefined, sinceMs: 0, tries: 0 })
    for (const wake of log.waiting) wake()
    return true
  }
}

class MemoryCompetingMember implements CompetingMemberAdapter {
  readonly #database: MemoryLogDatabase
  readonly #request: CompetingRequest
  readonly #state: CompetingGroupState

  constructor(database: MemoryLogDatabase, request: CompetingRequest, state: CompetingGroupState) {
    this.#database = database
    this.#request = request
    this.#state = state
  }

  async doTake({
    limit,
    waitMs,
    signal,
  }: {
    readonly limit: number
    readonly waitMs: number
    readonly signal: AbortSignal
  }): Promise<readonly CompetingDelivery[]> {
    const endMs = performance.now() + waitMs
    for (;;) {
      const taken = this.#take(limit)
      const leftMs = endMs - performance.now()
      if (taken.length > 0 || leftMs <= 0 || signal.aborted) return taken
      const enough = AbortSignal.timeout(Math.ceil(Math.min(leftMs, MAX_CLAIM_MS)))
      await Promise.race([
        waitForWake(this.#log.waiting, signal),
        new Promise<void>((resolve) => enough.addEventListener('abort', () => resolve())),
      ])
    }
  }

  async doExtend(inHand: readonly CompetingTry[]): Promise<readonly number[]> {
    const lost: number[] = []
    for (const { sequence, tries } of inHand) {
      if (this.#own(sequence) === undefined) lost.push(sequence)
      else this.#hold(sequence, tries)
    }
    return lost
  }

  async doFinish(sequences: readonly number[]): Promise<void> {
    for (const sequence of sequences) this.#state.inHand.delete(sequence)
  }

  async doPark(failure: CompetingFailure, maxParked: number): Promise<ParkOutcome> {
    const { inHand, parked } = this.#state
    if (this.#own(failure.sequence) === undefined) return 'lost'
    if (parked.size >= maxParked) return 'full'
    inHand.delete(failure.sequence)
    parked.set(failure.sequence, failure)
    return 'parked'
  }

  async doRelease(inHand: readonly CompetingTry[]): Promise<void> {
    for (const { sequence, tries } of inHand) {
      if (this.#own(sequence) !== undefined)
        this.#state.inHand.set(sequence, { member: undefined, sinceMs: 0, tries: Math.max(0, tries) })
    }
    for (const wake of this.#log.waiting) wake()
  }

  async doLeave(): Promise<void> {
    const own = [...this.#state.inHand].filter(([, { member }]) => member === this.#request.member)
    await this.doRelease(own.map(([sequence, { tries }]) => ({ sequence, tries })))
    this.#state.members.delete(this.#request.member)
  }

  get #log() {
    return this.#database.partition(this.#request.partition)
  }

  #own(sequence: number): HandedOut | undefined {
    const found = this.#state.inHand.get(sequence)
    return found?.member === this.#request.member ? found : undefined
  }

  #hold(sequence: number, tries: number): void {
    const sinceMs = this.#database.documents.clock()
    this.#state.inHand.set(sequence, { member: this.#request.member, sinceMs, tries })
  }

  #take(limit: number): readonly CompetingDelivery[] {
    const { idleMs } = this.#request
    const { entries, firstKept } = this.#log
    const nowMs = this.#database.documents.clock()
    const leftAlone = [...this.#state.inHand]
      .filter(([, { member, sinceMs }]) => member === undefined || nowMs - sinceMs > idleMs)
      .map(([sequence]) => sequence)
    const behind = Math.max(0, this.#state.handedOut + 1 - firstKept)
    const fresh = entries.slice(behind, behind + limit).map(({ sequence }) => sequence)
    const deliveries: CompetingDelivery[] = []
    for (const sequence of [...leftAlone, ...fresh].slice(0, limit)) {
      const event = entries[sequence - firstKept]
      const tries = (this.#state.inHand.get(sequence)?.tries ?? 0) + 1
      this.#state.handedOut = Math.max(this.#state.handedOut, sequence)
      // What was trimmed by force is nobody's any more.
      if (event === undefined) this.#state.inHand.delete(sequence)
      else {
        this.#hold(sequence, tries)
        deliveries.push({ event, tries })
      }
    }
    return deliveries
  }
}
