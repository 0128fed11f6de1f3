import {
  EventStoreError,
  type RelayedEvent,
  type RelayPosition,
  type RelaySessionAdapter,
} from '@eventspine/core'
import { acknowledged } from './acknowledgement.ts'
import { classifyError } from './classify-error.ts'
import type { KafkaTransaction } from './client.ts'
import { sizedRecord } from './encode-record.ts'
import { batchOf, disconnect, type OpenProducer } from './producer-slot.ts'
import type { RelayRecords } from './relay-topic.ts'
import { type Round, RoundLayout } from './round-layout.ts'
import { sendBatch } from './send-batch.ts'
import { TimeRanOut, within } from './within.ts'

export interface RelaySessionOptions {
  readonly topic: string
  readonly relayTopic: string
  readonly maxMessageBytes: number
  readonly apart: boolean
  readonly source: string
  readonly deliveryTimeoutMs: number
  readonly open: OpenProducer
  readonly records: RelayRecords
  readonly position: RelayPosition | undefined
}

/** Each write is one transaction: the events, and the position in the topic of relays. */
export class KafkaRelaySession implements RelaySessionAdapter {
  readonly #options: RelaySessionOptions
  #position: RelayPosition | undefined
  /** Why this session is over. */
  #over: EventStoreError | undefined

  constructor(options: RelaySessionOptions) {
    this.#options = options
    this.#position = options.position
  }

  get position(): RelayPosition | undefined {
    return this.#position
  }

  async doWrite(events: readonly RelayedEvent[], position: RelayPosition): Promise<void> {
    if (this.#over !== undefined) throw overAlready(this.#over)
    const rounds = this.#layOut(events)
    const state = { committing: false }
    const work = this.#transact(rounds, position, state)
    work.catch(() => undefined)
    try {
      await within(work, this.#options.deliveryTimeoutMs)
      this.#position = position
    } catch (error) {
      this.#options.open.abandoned = true
      this.#over = failure(error, state.committing)
      throw this.#over
    }
  }

  async doClose(): Promise<void> {
    this.#options.open.abandoned = true
    this.#over ??= new EventStoreError('CLOSED', 'kafka: the relay session is closed')
    await disconnect(this.#options.open.producer)
  }

  #layOut(events: readonly RelayedEvent[]): readonly Round[] {
    const { maxMessageBytes, source } = this.#options
    const layout = new RoundLayout(maxMessageBytes)
    // Kafka's retention goes by the record's own time: an old event must not be gone as soon as it comes.
    const appendedAtMs = Date.now()
    for (const event of events) {
      const { streamId, partition, timestampMs, origin } = event
      const record = sizedRecord(event, { streamId, partition, source, timestampMs, appendedAtMs, origin })
      const tooLarge = layout.tooLarge(record)
      if (tooLarge !== undefined) throw tooLarge
      layout.add(record)
    }
    return layout.rounds
  }

  async #transact(
    rounds: readonly Round[],
    position: RelayPosition,
    state: { committing: boolean },
  ): Promise<void> {
    const { open } = this.#options
    const transaction = await open.producer.transaction()
    try {
      for (const round of rounds.slice(0, -1)) await this.#send(transaction, round, undefined)
      await this.#send(transaction, rounds.at(-1) ?? { partitions: new Map() }, position)
      if (open.abandoned) throw new RangeError('the transaction was given up')
    } catch (error) {
      // It would end by itself; what it failed with counts for more than that ending it fails too.
      await transaction.abort().catch(() => undefined)
      throw error
    }
    state.committing = true
    await transaction.commit()
  }

  /** The position goes with the last events, so that a write which fits is one request. */
  async #send(
    transaction: KafkaTransaction,
    round: Round,
    position: RelayPosition | undefined,
  ): Promise<void> {
    const { topic, relayTopic, records, apart } = this.#options
    const { topicMessages, ...batch } = batchOf(topic, round.partitions.values())
    const all = topicMessages.filter(({ messages }) => messages.length > 0)
    if (position !== undefined) all.push({ topic: relayTopic, messages: [records.position(position)] })
    const { open } = this.#options
    open.attempts = 0
    const answers = await sendBatch(
      (part) => transaction.sendBatch(part),
      { ...batch, topicMessages: all },
      apart,
    )
    const sending = { attempts: open.attempts, inTransaction: true }
    const results = [...acknowledged(topic, round, answers, sending).values()]
    if (position !== undefined) {
      const place = { partitions: new Map([[records.partition, []]]) }
      results.push(...acknowledged(relayTopic, place, answers, sending).values())
    }
    const refusal = results.find((result) => typeof result !== 'number')
    if (refusal !== undefined) throw refusal
  }
}

/** Before the commit is sent nothing is readable, and nothing will be: only that one may have come through. */
function failure(error: unknown, committing: boolean): EventStoreError {
  if (!(error instanceof TimeRanOut)) {
    const classified = classifyError(error, { phase: 'write', attempts: committing ? undefined : 0 })
    return committing || classified.outcome === 'not-applied' ? classified : asNotApplied(classified)
  }
  const message = 'kafka: the brokers did not take the transaction within deliveryTimeoutMs'
  return committing
    ? new EventStoreError('OUTCOME_UNKNOWN', message, { outcome: 'unknown', retryable: true, cause: error })
    : new EventStoreError('BACKEND_UNAVAILABLE', message, { retryable: true, cause: error })
}

function asNotApplied({ code, message, retryable, cause }: EventStoreError): EventStoreError {
  return new EventStoreError(code, message, { retryable, cause })
}

function overAlready({ code, cause }: EventStoreError): EventStoreError {
  if (code === 'LEASE_LOST')
    return new EventStoreError('LEASE_LOST', 'kafka: another session of this relay was opened', { cause })
  if (code === 'CLOSED') return new EventStoreError('CLOSED', 'kafka: the relay session is closed')
  const message = 'kafka: the relay session is over since a write failed: open a new one'
  return new EventStoreError('BACKEND_UNAVAILABLE', message, { cause })
}
