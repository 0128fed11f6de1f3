import { EventStoreError } from '@eventspine/core'
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
import type { RedisArgument } from '../client.ts'
import type { Connection } from '../connection.ts'
import type { FeedWaits } from '../wait-for-feed.ts'
import type { Script } from '../scripts/script.ts'
import {
  extendScript,
  finishScript,
  joinScript,
  leaveScript,
  parkedScript,
  parkScript,
  stateScript,
  takeScript,
  unparkScript,
} from './competing-scripts.ts'
import { unpackEntry } from './log-entry.ts'
import type { LogKeys } from './log-keys.ts'

const FIRST_CURSOR = '0-0'
/** Between two looks for entries that were left alone. */
const MAX_CLAIM_MS = 1000
/** A member with nothing in hand that said nothing for so many times the idle time is forgotten. */
const GONE_FACTOR = 100

export interface RedisCompetingParts {
  readonly connection: Connection
  readonly keys: readonly LogKeys[]
  readonly waits: FeedWaits
}

/** Groups without order, as consumer groups of the Redis Stream of each partition. */
export class RedisCompeting implements CompetingAdapter {
  readonly #parts: RedisCompetingParts

  constructor(parts: RedisCompetingParts) {
    this.#parts = parts
  }

  async doJoin(request: CompetingRequest): Promise<CompetingMemberAdapter> {
    const { group, member, partition, after, idleMs } = request
    const { log } = keysOf(this.#parts, partition)
    const from = after === 'end' ? '$' : `${after}-0`
    await this.#parts.connection.writeScript(joinScript, [log], [group, member, from, idleMs * GONE_FACTOR])
    return new RedisCompetingMember(this.#parts, request)
  }

  async doState({ group, partition }: CompetingGroupAddress): Promise<CompetingState | undefined> {
    const { log, parked } = keysOf(this.#parts, partition)
    const answer = await this.#parts.connection.readScript(stateScript, [log, parked], [group, ''])
    if (answer === 'gone') return undefined
    const [handedOut = 0, inHand = 0, first = 0, parkedEvents = 0, members = 0] = numbers(answer)
    return {
      handedOut,
      inHand,
      firstInHand: first === 0 ? undefined : first,
      parked: parkedEvents,
      members,
    }
  }

  async doParked({ group, partition }: CompetingGroupAddress): Promise<readonly CompetingFailure[]> {
    const { log, parked } = keysOf(this.#parts, partition)
    const answer = await this.#parts.connection.readScript(parkedScript, [log, parked], [group, ''])
    // Texts, as the script puts them there.
    const texts = answer as readonly string[]
    const failures: CompetingFailure[] = []
    for (let index = 0; index < texts.length; index += 2) {
      const [, tries, error = ''] = /^(\d+) ([^]*)$/.exec(texts[index + 1] ?? '') ?? []
      failures.push({ sequence: Number(texts[index]), tries: Number(tries), error })
    }
    return failures.sort((a, b) => a.sequence - b.sequence)
  }

  async doUnpark(
    { group, partition }: CompetingGroupAddress,
    sequence: number,
    again: boolean,
  ): Promise<boolean> {
    const { log, parked } = keysOf(this.#parts, partition)
    const args = [group, '', sequence, again ? '1' : '']
    const answer = await this.#parts.connection.writeScript(unparkScript, [log, parked], args)
    if (answer === 'gone') return false
    return Number(answer) === 1
  }
}

class RedisCompetingMember implements CompetingMemberAdapter {
  readonly #parts: RedisCompetingParts
  readonly #request: CompetingRequest
  readonly #keys: LogKeys
  #cursor = FIRST_CURSOR
  #claimAtMs = 0

  constructor(parts: RedisCompetingParts, request: CompetingRequest) {
    this.#parts = parts
    this.#request = request
    this.#keys = keysOf(parts, request.partition)
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
      const { deliveries, head } = await this.#take(limit)
      const nowMs = performance.now()
      if (deliveries.length > 0 || nowMs >= endMs || signal.aborted) return deliveries
      await this.#wait(head, Math.max(1, Math.min(endMs, this.#claimAtMs) - nowMs), signal)
      if (signal.aborted) return []
    }
  }

  async doExtend(inHand: readonly CompetingTry[]): Promise<readonly number[]> {
    return numbers(await this.#hold(inHand, 0))
  }

  async doFinish(sequences: readonly number[]): Promise<void> {
    await this.#run(finishScript, [this.#keys.log], sequences)
  }

  async doPark({ sequence, tries, error }: CompetingFailure, maxParked: number): Promise<ParkOutcome> {
    const { log, parked } = this.#keys
    // One of the three words that the script knows.
    return (await this.#run(
      parkScript,
      [log, parked],
      [sequence, maxParked, `${tries} ${error}`],
    )) as ParkOutcome
  }

  async doRelease(inHand: readonly CompetingTry[]): Promise<void> {
    await this.#hold(inHand, this.#request.idleMs)
  }

  async doLeave(): Promise<void> {
    await this.#run(leaveScript, [this.#keys.log], [this.#request.idleMs])
  }

  async #take(
    limit: number,
  ): Promise<{ readonly deliveries: readonly CompetingDelivery[]; readonly head: number }> {
    const { partition, idleMs } = this.#request
    const { log, head } = this.#keys
    const nowMs = performance.now()
    const claims = nowMs >= this.#claimAtMs
    const args = [limit, claims ? this.#cursor : '', idleMs]
    // Texts and numbers, as the script puts them there.
    const answer = (await this.#run(takeScript, [log, head], args)) as readonly (string | number)[]
    if (claims) {
      // A list that was not looked through to its end is gone on with at once.
      this.#cursor = answer[0] === '' ? FIRST_CURSOR : String(answer[0])
      if (answer[0] === '') this.#claimAtMs = nowMs + Math.min(idleMs / 4, MAX_CLAIM_MS)
    }
    const deliveries: CompetingDelivery[] = []
    for (let index = 2; index < answer.length; index += 3) {
      const event = unpackEntry([String(answer[index]), ['e', String(answer[index + 1])]], partition)
      deliveries.push({ event, tries: Number(answer[index + 2]) })
    }
    return { deliveries, head: Number(answer[1]) }
  }

  async #wait(head: number, ms: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController()
    const stop = (): void => enough.abort()
    const timer = setTimeout(stop, ms)
    signal.addEventListener('abort', stop)
    await this.#parts.waits.wait(this.#request.partition, head, enough.signal)
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }

  #hold(inHand: readonly CompetingTry[], idleMs: number): Promise<unknown> {
    const args = inHand.flatMap(({ sequence, tries }) => [sequence, Math.max(0, tries)])
    return this.#run(extendScript, [this.#keys.log], [idleMs, ...args])
  }

  async #run(script: Script, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
    const { group, member } = this.#request
    const answer = await this.#parts.connection.writeScript(script, keys, [group, member, ...args])
    if (answer !== 'gone') return answer
    throw new EventStoreError(
      'FEED_DIVERGED',
      `redis: the group ${JSON.stringify(group)} is gone: it was removed, or the server lost data`,
    )
  }
}

function keysOf({ keys }: RedisCompetingParts, partition: number): LogKeys {
  const found = keys[partition]
  if (found === undefined) throw new RangeError(`there is no partition ${partition}`)
  return found
}

/** A script's table of numbers, which a client may give as texts. */
function numbers(answer: unknown): readonly number[] {
  return (answer as readonly (number | string)[]).map(Number)
}
