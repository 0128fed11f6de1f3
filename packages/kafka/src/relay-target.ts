import { setTimeout as delay } from 'node:timers/promises'
import {
  EventStoreError,
  type RelayPosition,
  type RelayRequest,
  type RelaySessionAdapter,
  type RelayTargetAdapter,
} from '@eventspine/core'
import { acknowledged } from './acknowledgement.ts'
import { BrokerConnections } from './broker-connections.ts'
import { classifyError } from './classify-error.ts'
import type { KafkaClient, KafkaMessage } from './client.ts'
import { fetchedRecords } from './fetched-records.ts'
import { createProducer, disconnect, type OpenProducer } from './producer-slot.ts'
import { TRANSACTION_TIMEOUT_MS } from './publisher.ts'
import { RelayRecords, relayTopicOf } from './relay-topic.ts'
import { KafkaRelaySession } from './relay-session.ts'
import { countPartitions, topicBounds, withAdmin } from './topic.ts'
import { TimeRanOut, within } from './within.ts'

export interface RelayTargetOptions {
  readonly client: KafkaClient
  readonly topic: string
  readonly maxMessageBytes: number
  /** Partitions may be led by several brokers. */
  readonly apart: boolean
  readonly source: string
  readonly deliveryTimeoutMs: number
}

const RETRY_PAUSE_MS = 100
const FETCH_BYTES = 1024 * 1024
/** How far from the end a position is looked for first: that of a relay at work is among the last. */
const FIRST_LOOK_RECORDS = 256

/** Lets relays write events and their position in one transaction. */
export class KafkaRelayTarget implements RelayTargetAdapter {
  readonly #options: RelayTargetOptions
  readonly #topic: string

  constructor(options: RelayTargetOptions) {
    this.#options = options
    this.#topic = relayTopicOf(options.topic)
  }

  async doOpenRelay(request: RelayRequest): Promise<RelaySessionAdapter> {
    const { client, deliveryTimeoutMs } = this.#options
    const deadlineMs = performance.now() + deliveryTimeoutMs
    const partitions = await withAdmin(client, (admin) => countPartitions(admin, this.#topic))
    if (partitions === 0) {
      throw new EventStoreError(
        'STORE_MISSING',
        `kafka: the topic ${JSON.stringify(this.#topic)}, in which relays keep their positions, does not exist: ` +
          'make it with createTopic()',
      )
    }
    const records = new RelayRecords(request, partitions)
    for (;;) {
      try {
        return await this.#session(request, records, deadlineMs)
      } catch (error) {
        // A lost answer leaves nothing undecided here: a new producer shuts out that one too.
        if (!EventStoreError.is(error) || !error.retryable) throw error
        if (performance.now() + RETRY_PAUSE_MS > deadlineMs) throw error
        await delay(RETRY_PAUSE_MS)
      }
    }
  }

  async #session(
    request: RelayRequest,
    records: RelayRecords,
    deadlineMs: number,
  ): Promise<RelaySessionAdapter> {
    const open = createProducer({
      client: this.#options.client,
      transactional: { id: this.#transactionalId(request), timeoutMs: TRANSACTION_TIMEOUT_MS },
    })
    try {
      const end = await this.#open(open, records, deadlineMs)
      const position = await this.#position(records, end, deadlineMs)
      return new KafkaRelaySession({ ...this.#options, relayTopic: this.#topic, open, records, position })
    } catch (error) {
      open.abandoned = true
      await disconnect(open.producer)
      if (!(error instanceof TimeRanOut)) throw classifyError(error, { phase: 'read' })
      const message = 'kafka: the brokers did not open a session in time'
      throw new EventStoreError('BACKEND_UNAVAILABLE', message, { retryable: true, cause: error })
    }
  }

  /**
   * The first transaction of a producer object shuts out all earlier ones of its id, and waits until what they had
   * begun is decided; connecting alone does neither.
   *
   * @returns the offset of its record: everything that earlier sessions wrote stands below.
   */
  async #open(open: OpenProducer, records: RelayRecords, deadlineMs: number): Promise<number> {
    const { producer } = open
    const work = async (): Promise<number> => {
      await producer.connect()
      const transaction = await producer.transaction()
      const answers = await transaction.sendBatch({
        acks: -1,
        timeout: 30_000,
        topicMessages: [{ topic: this.#topic, messages: [records.opening()] }],
      })
      await transaction.commit()
      const round = { partitions: new Map([[records.partition, []]]) }
      const sending = { attempts: open.attempts, inTransaction: false }
      const offset = acknowledged(this.#topic, round, answers, sending).get(records.partition)
      if (typeof offset === 'number') return offset
      throw offset ?? new EventStoreError('BACKEND_FAILED', 'kafka: no acknowledgement')
    }
    const opening = work()
    // When it is given up, nobody asks for its end.
    opening.catch(() => undefined)
    return within(opening, deadlineMs - performance.now())
  }

  /** The last position below `end`, found from there on. */
  async #position(
    records: RelayRecords,
    end: number,
    deadlineMs: number,
  ): Promise<RelayPosition | undefined> {
    const { client } = this.#options
    const { partition } = records
    const { low } = await withAdmin(client, (admin) => topicBounds(admin, this.#topic, partition))
    const connections = new BrokerConnections(client, this.#topic)
    try {
      for (let back = FIRST_LOOK_RECORDS; ; back *= 8) {
        const from = Math.max(low, end - back)
        const found = records.find(await this.#between(connections, partition, from, end, deadlineMs))
        if (found !== undefined || from === low) return found
      }
    } finally {
      await connections.close()
    }
  }

  /**
   * All that is committed between two offsets. Another relay's open transaction may hide what stands behind its start,
   * so this waits until everything below `to` is decided.
   */
  async #between(
    connections: BrokerConnections,
    partition: number,
    from: number,
    to: number,
    deadlineMs: number,
  ): Promise<readonly KafkaMessage[]> {
    const messages: KafkaMessage[] = []
    let offset = from
    while (offset < to) {
      const answers = await connections.fetch([{ partition, offset, maxBytes: FETCH_BYTES }], 100, deadlineMs)
      if (answers === 'out-of-range') throw new TimeRanOut('the log was cleaned while it was read')
      for (const answer of answers) {
        const fetched = fetchedRecords(answer, partition, offset)
        if (fetched === undefined) continue
        messages.push(...fetched.messages)
        offset = fetched.end
      }
      if (offset < to && performance.now() > deadlineMs) {
        throw new TimeRanOut('an open transaction of another relay hides the position')
      }
    }
    return messages
  }

  #transactionalId({ incarnation, relay, partition }: RelayRequest): string {
    return `eventspine.relay.${this.#options.topic}/${incarnation}/${relay}/${partition}`
  }
}
