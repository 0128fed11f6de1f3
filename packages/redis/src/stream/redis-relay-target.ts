import { EventStoreError } from '@eventspine/core'
import type {
  RelayedEvent,
  RelayPosition,
  RelayRequest,
  RelaySessionAdapter,
  RelayTargetAdapter,
} from '@eventspine/core'
import type { RedisArgument } from '../client.ts'
import type { Connection } from '../connection.ts'
import { packRelayed } from './log-entry.ts'
import type { LogKeys } from './log-keys.ts'
import { openRelayScript, relayScript, relaySourceScript } from './relay-scripts.ts'

/** Of opening a session over a connection that breaks meanwhile. */
const MAX_ATTEMPTS = 3

export interface RedisRelayTargetParts {
  readonly connection: Connection
  readonly keys: readonly LogKeys[]
}

/** What a slot remembers of a relay. */
interface SlotState {
  readonly epoch: number
  readonly fields: ReadonlyMap<string, string>
}

/** Lets relays write into the logs of all partitions. */
export class RedisRelayTarget implements RelayTargetAdapter {
  readonly #parts: RedisRelayTargetParts

  constructor(parts: RedisRelayTargetParts) {
    this.#parts = parts
  }

  async doOpenRelay(request: RelayRequest): Promise<RelaySessionAdapter> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#openSession(request)
      } catch (error) {
        // Nobody knows how far it came, and to begin anew is right however far.
        if (!EventStoreError.is(error, 'OUTCOME_UNKNOWN') || attempt >= MAX_ATTEMPTS) throw error
      }
    }
  }

  async #openSession(request: RelayRequest): Promise<RelaySessionAdapter> {
    await this.#checkSource(request)
    const { keys } = this.#parts
    const home = request.partition % keys.length
    // The home slot decides between rivals: whoever comes later there has the higher epoch, and wins in all others.
    const before = await Promise.all(keys.map((_, slot) => this.#open(request, slot, 0, false)))
    const { epoch } = await this.#open(request, home, Math.max(...before.map((state) => state.epoch)), true)
    const slots = await Promise.all(keys.map((_, slot) => this.#open(request, slot, epoch, false)))
    if (slots.some((state) => state.epoch !== epoch)) throw leaseLost(request)
    return new RedisRelaySession(this.#parts, request, home, epoch, positionOf(slots, home))
  }

  /** @throws {@link EventStoreError} `STORE_INCOMPATIBLE`. */
  async #checkSource({ relay, incarnation, partitions }: RelayRequest): Promise<void> {
    const { connection, keys } = this.#parts
    const key = keys[0]?.relaySource(relay, incarnation) ?? ''
    const standing = Number(await connection.writeScript(relaySourceScript, [key], [partitions]))
    if (standing === partitions) return
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      `redis: relay ${JSON.stringify(relay)} wrote from a source with ${standing} partitions, which now has ${partitions}`,
    )
  }

  /** With an epoch of 0 nothing is changed where another stands. */
  async #open(request: RelayRequest, slot: number, epoch: number, raise: boolean): Promise<SlotState> {
    const { connection, keys } = this.#parts
    const { relay, incarnation, partition } = request
    const key = keys[slot]?.relay(relay, incarnation, partition) ?? ''
    const answer = await connection.writeScript(openRelayScript, [key], [epoch, raise ? '1' : ''])
    // The epoch, then names and values.
    const [standing, ...rest] = (answer as readonly (string | number)[]).map(String)
    const fields = new Map<string, string>()
    for (let index = 0; index < rest.length; index += 2) fields.set(rest[index] ?? '', rest[index + 1] ?? '')
    return { epoch: Number(standing), fields }
  }
}

class RedisRelaySession implements RelaySessionAdapter {
  readonly #parts: RedisRelayTargetParts
  readonly #request: RelayRequest
  readonly #home: number
  readonly #epoch: number
  #position: RelayPosition | undefined

  constructor(
    parts: RedisRelayTargetParts,
    request: RelayRequest,
    home: number,
    epoch: number,
    position: RelayPosition | undefined,
  ) {
    this.#parts = parts
    this.#request = request
    this.#home = home
    this.#epoch = epoch
    this.#position = position
  }

  get position(): RelayPosition | undefined {
    return this.#position
  }

  async doWrite(events: readonly RelayedEvent[], position: RelayPosition): Promise<void> {
    const slots = new Map<number, RelayedEvent[]>()
    for (const event of events) {
      const slot = slots.get(event.partition)
      if (slot === undefined) slots.set(event.partition, [event])
      else slot.push(event)
    }
    const atHome = slots.get(this.#home) ?? []
    // The home slot says that the others are complete, so it comes last; the others know nothing of each other.
    const others = Array.from(slots).filter(([slot]) => slot !== this.#home)
    await Promise.all(others.map(([slot, list]) => this.#write(slot, list, position, [])))
    const touched = Array.from(slots).flatMap(([slot, list]) => [slot, list.at(-1)?.sourceSequence ?? 0])
    await this.#write(this.#home, atHome, position, touched)
    this.#position = position
  }

  async doClose(): Promise<void> {
    // Nothing is held: a session that is not used any more is fenced by the next one.
  }

  async #write(
    slot: number,
    events: readonly RelayedEvent[],
    position: RelayPosition,
    touched: readonly number[],
  ): Promise<void> {
    const { connection, keys } = this.#parts
    const { relay, incarnation, partition } = this.#request
    const found = keys[slot]
    if (found === undefined) throw new RangeError(`there is no partition ${slot}`)
    const isHome = slot === this.#home ? '1' : ''
    const args: RedisArgument[] = [
      this.#epoch,
      isHome,
      position.sequence,
      position.check,
      touched.length / 2,
      ...touched,
    ]
    for (const event of events) args.push(event.sourceSequence, checkOf(event), packRelayed(event))
    const names = [found.log, found.head, found.relay(relay, incarnation, partition)]
    const written = await connection.writeScript(relayScript, names, args)
    if (Number(written) !== 1) throw leaseLost(this.#request)
  }
}

/** Up to where all slots have the source's events. */
function positionOf(slots: readonly SlotState[], home: number): RelayPosition | undefined {
  const fields = slots[home]?.fields
  const sequence = fields?.get('position')
  if (fields === undefined || sequence === undefined) return undefined
  let lowest: RelayPosition = { sequence: Number(sequence), check: fields.get('positionCheck') ?? '' }
  slots.forEach((slot, index) => {
    const has = Number(slot.fields.get('sequence') ?? 0)
    const wanted = Number(fields.get(`slot:${index}`) ?? 0)
    // It lost what it had: a failover to a server that lagged behind.
    if (has < wanted && has < lowest.sequence)
      lowest = { sequence: has, check: slot.fields.get('check') ?? '' }
  })
  return lowest
}

/** The check of the event in its source, which its position ends with. */
function checkOf({ origin }: RelayedEvent): string {
  return origin.position.slice(origin.position.lastIndexOf('.') + 1)
}

function leaseLost({ relay, partition }: RelayRequest): EventStoreError<'LEASE_LOST'> {
  return new EventStoreError(
    'LEASE_LOST',
    `redis: another session of relay ${JSON.stringify(relay)} was opened for partition ${partition}`,
  )
}
